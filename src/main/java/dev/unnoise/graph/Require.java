package dev.unnoise.graph;

import java.util.List;

/** Checks that node constructors share; messages begin with the layer's name. */
final class Require {
  private Require() {}

  static void shape(String layer, Tensor output, Shape inferred) {
    if (!output.shape().equals(inferred)) {
      throw new ShapeException(layer, "computes " + inferred + " but its output is " + output.shape());
    }
  }

  static void sameShape(String layer, Tensor left, Tensor right) {
    if (!left.shape().equals(right.shape())) {
      throw new ShapeException(
          layer, left.name() + " is " + left.shape() + " but " + right.name() + " is " + right.shape());
    }
  }

  static void vector(String layer, Tensor tensor, int channels) {
    if (!tensor.shape().equals(Shape.vector(channels))) {
      throw new ShapeException(
          layer, "needs one value per channel (" + channels + "), but " + tensor.name() + " is " + tensor.shape());
    }
  }

  static void parameter(String layer, Parameter parameter, Integer... extents) {
    if (!parameter.shape().equals(List.of(extents))) {
      throw new ShapeException(
          layer, "needs a parameter of shape " + List.of(extents) + ", got " + parameter.shape());
    }
  }
}
