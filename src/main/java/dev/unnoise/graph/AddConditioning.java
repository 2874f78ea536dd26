package dev.unnoise.graph;

import java.util.List;

/**
 * output = source + conditioning, one value per image and channel: the time projection of a residual block.
 *
 * @param conditioning a vector with as many channels as {@code source}
 */
public record AddConditioning(String name, Tensor source, Tensor conditioning, Tensor output) implements Node {
  public AddConditioning {
    Require.vector(name, conditioning, source.channels());
    Require.shape(name, output, source.shape());
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source, conditioning);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new AddConditioning(name, inputs.get(0), inputs.get(1), newOutput);
  }
}
