package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.graph.FourierEmbedding;
import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Tensor;

/** Vectors made of a number, row by row. Angles are rounded to single precision, as PyTorch does. */
final class EmbeddingRecipe implements Recipe {
  private final Tensor source;
  private final Tensor output;
  private final Embedding embedding;

  /** Writes the vector of a number. */
  private interface Embedding {
    void write(float number, float[] vector);
  }

  private EmbeddingRecipe(Node node, Tensor source, Embedding embedding) {
    this.source = source;
    this.output = node.output();
    this.embedding = embedding;
  }

  static Recipe of(SinusoidalEmbedding node) {
    float[] frequencies = node.frequencies();
    int half = frequencies.length;
    int sineAt = node.cosineFirst() ? half : 0;
    int cosineAt = node.cosineFirst() ? 0 : half;
    return new EmbeddingRecipe(
        node,
        node.source(),
        (number, vector) -> {
          for (int i = 0; i < half; i++) {
            float angle = number * frequencies[i];
            vector[sineAt + i] = (float) Math.sin(angle);
            vector[cosineAt + i] = (float) Math.cos(angle);
          }
        });
  }

  static Recipe of(PreparedWeights parameters, FourierEmbedding node) {
    float[] weight = parameters.array(node.weight());
    return new EmbeddingRecipe(
        node,
        node.source(),
        (number, vector) -> {
          float logarithm = (float) Math.log(number);
          for (int i = 0; i < weight.length; i++) {
            float angle = logarithm * weight[i] * 2 * (float) Math.PI;
            vector[i] = (float) Math.sin(angle);
            vector[weight.length + i] = (float) Math.cos(angle);
          }
        });
  }

  static Recipe of(PreparedWeights parameters, Lookup node) {
    float[] table = parameters.array(node.table());
    return new EmbeddingRecipe(
        node,
        node.source(),
        (number, vector) -> {
          int row = (int) number;
          if (row != number || row < 0 || row >= node.rows()) {
            throw new IllegalArgumentException(
                node.name() + " has no row " + number + ", only 0 … " + (node.rows() - 1));
          }
          System.arraycopy(table, row * vector.length, vector, 0, vector.length);
        });
  }

  @Override
  public Kernel bind(Site site) {
    float[] vector = new float[output.channels()];
    return images -> {
      for (int slot = 0; slot < images; slot++) {
        Region numbers = site.region(slot, source);
        Region vectors = site.region(slot, output);
        for (int row = 0; row < vectors.pixels(); row++) {
          embedding.write(numbers.get(row, 0), vector);
          vectors.write(row, 1, vector, 0, vector.length);
        }
      }
    };
  }
}
