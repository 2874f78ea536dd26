package dev.unnoise.model;

import dev.unnoise.graph.Activation;
import dev.unnoise.graph.FourierEmbedding;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GraphBuilder;
import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Tensor;

/** The graph from a timestep and a label to every block's time projection. */
final class Conditioning {
  private final UNetConfig config;
  private final GraphBuilder graph = new GraphBuilder(Network.CONDITIONING);

  private Conditioning(UNetConfig config) {
    this.config = config;
  }

  static Graph build(UNetConfig config, TimeProjections projections) {
    return new Conditioning(config).build(projections);
  }

  private Graph build(TimeProjections projections) {
    Tensor timestep = graph.input(Network.TIMESTEP, Shape.vector(1));
    Tensor embedding = network("time_embedding", embed("time_proj", timestep));
    embedding =
        switch (config.classEmbedding()) {
          case ClassEmbedding.None none -> embedding;
          case ClassEmbedding.Table table -> graph.add("embedding", embedding, row(table), 1);
          case ClassEmbedding.LikeTimestep like -> {
            Tensor label = graph.input(Network.LABEL, Shape.vector(1));
            Tensor embedded = network("class_embedding", embed("class_proj", label));
            yield graph.add("embedding", embedding, embedded, 1);
          }
        };
    embedding = graph.activate("nonlinearity", embedding, config.activation());
    Tensor output = Tensor.dense(Network.CONDITIONING, Shape.vector(projections.width()));
    for (TimeProjections.Part part : projections.parts()) {
      graph.linear(
          part.layer(),
          embedding,
          Names.matrix(part.layer(), part.width(), embedding.channels()),
          Names.bias(part.layer(), part.width()),
          output.slice(part.layer(), part.offset(), part.width()));
    }
    return graph.build(output);
  }

  private Tensor row(ClassEmbedding.Table table) {
    Tensor label = graph.input(Network.LABEL, Shape.vector(1));
    String name = "class_embedding";
    Tensor output = Tensor.dense(name, Shape.vector(config.embeddingWidth()));
    return graph.append(new Lookup(name, label, Names.matrix(name, table.rows(), output.channels()), output));
  }

  private Tensor embed(String name, Tensor number) {
    int channels = config.blockOutChannels().getFirst();
    return switch (config.timeEmbedding()) {
      case POSITIONAL ->
          graph.append(
              new SinusoidalEmbedding(
                  name, number, config.cosineFirst(), config.frequencyShift(), Tensor.dense(name, Shape.vector(channels))));
      case FOURIER ->
          graph.append(
              new FourierEmbedding(
                  name, number, Names.vector("time_proj", channels), Tensor.dense(name, Shape.vector(2 * channels))));
      case LEARNED ->
          graph.append(
              new Lookup(
                  name,
                  number,
                  Names.matrix("time_proj", config.trainTimesteps().orElseThrow(), channels),
                  Tensor.dense(name, Shape.vector(channels))));
    };
  }

  private Tensor network(String name, Tensor input) {
    int width = config.embeddingWidth();
    Tensor hidden =
        graph.linear(
            name + ".linear_1",
            input,
            Names.matrix(name + ".linear_1", width, input.channels()),
            Names.bias(name + ".linear_1", width));
    hidden = graph.activate(name + ".act", hidden, Activation.SILU);
    return graph.linear(
        name + ".linear_2",
        hidden,
        Names.matrix(name + ".linear_2", width, width),
        Names.bias(name + ".linear_2", width));
  }
}
