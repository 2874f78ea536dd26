package dev.unnoise.graph;

import java.util.List;

/**
 * output = (left + right) · scale.
 *
 * @param scale 1, or the inverse of a block's output scale factor
 */
public record Add(String name, Tensor left, Tensor right, float scale, Tensor output) implements Node {
  public Add {
    Require.sameShape(name, left, right);
    Require.shape(name, output, left.shape());
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(left, right);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Add(name, inputs.get(0), inputs.get(1), scale, newOutput);
  }
}
