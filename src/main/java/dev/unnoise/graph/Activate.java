package dev.unnoise.graph;

import java.util.List;

/** output = f(source), element by element. */
public record Activate(String name, Tensor source, Activation activation, Tensor output) implements Node {
  public Activate {
    Require.shape(name, output, source.shape());
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Activate(name, inputs.get(0), activation, newOutput);
  }
}
