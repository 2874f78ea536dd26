package dev.unnoise.graph;

import java.util.List;

/** output = source · factor + offset with two constants: {@code center_input_sample} is 2x - 1. */
public record Affine(String name, Tensor source, float factor, float offset, Tensor output) implements Node {
  public Affine {
    Require.shape(name, output, source.shape());
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Affine(name, inputs.get(0), factor, offset, newOutput);
  }
}
