package dev.unnoise.graph;

import java.util.List;

/** The channels of its sources one after another. */
public record Concatenate(String name, List<Tensor> sources, Tensor output) implements Node {
  public Concatenate {
    sources = List.copyOf(sources);
    Require.shape(name, output, infer(name, sources));
  }

  /** The shape of the concatenation. */
  public static Shape infer(String name, List<Tensor> sources) {
    Tensor first = sources.getFirst();
    int channels = 0;
    for (Tensor source : sources) {
      if (!source.shape().sameExtent(first.shape())) {
        throw new ShapeException(
            name,
            "cannot concatenate " + first.name() + " " + first.shape() + " and " + source.name() + " "
                + source.shape() + ": heights and widths differ");
      }
      channels += source.channels();
    }
    return first.shape().withChannels(channels);
  }

  @Override
  public List<Tensor> inputs() {
    return sources;
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new Concatenate(name, inputs, newOutput);
  }
}
