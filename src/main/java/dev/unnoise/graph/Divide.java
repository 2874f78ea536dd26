package dev.unnoise.graph;

import java.util.List;

/**
 * output = source / divisor with one divisor per image: networks with Fourier embeddings divide by the timestep.
 *
 * @param divisor a vector of one entry
 */
public record Divide(String name, Tensor source, Tensor divisor, Tensor output) implements Node {
  public Divide {
    Require.vector(name, divisor, 1);
    Require.shape(name, output, source.shape());
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source, divisor);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Divide(name, inputs.get(0), inputs.get(1), newOutput);
  }
}
