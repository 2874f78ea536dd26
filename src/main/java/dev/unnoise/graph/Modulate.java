package dev.unnoise.graph;

import java.util.List;

/**
 * output = source · (1 + scale) + shift with one scale and shift per image and channel.
 *
 * @param scale vector of as many channels as {@code source}
 * @param shift likewise
 */
public record Modulate(String name, Tensor source, Tensor scale, Tensor shift, Tensor output) implements Node {
  public Modulate {
    Require.vector(name, scale, source.channels());
    Require.vector(name, shift, source.channels());
    Require.shape(name, output, source.shape());
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source, scale, shift);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Modulate(name, inputs.get(0), inputs.get(1), inputs.get(2), newOutput);
  }
}
