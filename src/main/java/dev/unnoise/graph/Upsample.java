package dev.unnoise.graph;

import java.util.List;

/** Nearest-neighbour upsampling: every pixel becomes a 2×2 block. */
public record Upsample(String name, Tensor source, Tensor output) implements Node {
  public Upsample {
    Require.shape(name, output, infer(source));
  }

  /** The output's shape. */
  public static Shape infer(Tensor source) {
    return new Shape(source.channels(), 2 * source.height(), 2 * source.width());
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Upsample(name, inputs.get(0), newOutput);
  }
}
