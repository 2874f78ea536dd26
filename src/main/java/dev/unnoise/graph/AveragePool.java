package dev.unnoise.graph;

import java.util.List;

/** The mean of every 2×2 block; an odd last row or column is dropped. */
public record AveragePool(String name, Tensor source, Tensor output) implements Node {
  public AveragePool {
    Require.shape(name, output, infer(name, source));
  }

  /** The output's shape. */
  public static Shape infer(String name, Tensor source) {
    if (source.height() < 2 || source.width() < 2) {
      throw new ShapeException(name, source.shape() + " is too small to be halved");
    }
    return new Shape(source.channels(), source.height() / 2, source.width() / 2);
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new AveragePool(name, inputs.get(0), newOutput);
  }
}
