package dev.unnoise.graph;

import java.util.List;

/**
 * The Gaussian Fourier embedding of a number v (Song et al. 2021, NCSN++): sines, then cosines, of 2π · W · ln v.
 *
 * @param source a vector of one entry, the number
 * @param weight shape [output channels / 2]
 */
public record FourierEmbedding(String name, Tensor source, Parameter weight, Tensor output) implements Node {
  public FourierEmbedding {
    Require.vector(name, source, 1);
    Require.parameter(name, weight, output.channels() / 2);
    Require.vector(name, output, 2 * (output.channels() / 2));
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source);
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new FourierEmbedding(name, inputs.get(0), weight, newOutput);
  }
}
