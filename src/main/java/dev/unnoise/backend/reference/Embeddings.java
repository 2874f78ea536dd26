package dev.unnoise.backend.reference;

import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.SinusoidalEmbedding;

/** Vectors made of a timestep or a label. Angles are rounded to single precision, as PyTorch does. */
final class Embeddings {
  private Embeddings() {}

  static void sinusoidal(SinusoidalEmbedding node, float number, View output) {
    float[] frequencies = node.frequencies();
    int half = frequencies.length;
    for (int i = 0; i < half; i++) {
      float angle = number * frequencies[i];
      output.set(0, node.cosineFirst() ? half + i : i, Math.sin(angle));
      output.set(0, node.cosineFirst() ? i : half + i, Math.cos(angle));
    }
    if (output.channels() % 2 == 1) {
      output.set(0, output.channels() - 1, 0);
    }
  }

  static void fourier(float number, float[] weight, View output) {
    float logarithm = (float) Math.log(number);
    for (int i = 0; i < weight.length; i++) {
      float angle = logarithm * weight[i] * 2 * (float) Math.PI;
      output.set(0, i, Math.sin(angle));
      output.set(0, weight.length + i, Math.cos(angle));
    }
  }

  static void lookup(Lookup node, float number, float[] table, View output) {
    int row = (int) number;
    if (row != number || row < 0 || row >= node.rows()) {
      throw new IllegalArgumentException(node.name() + " has no row " + number + ", only 0 … " + (node.rows() - 1));
    }
    for (int c = 0; c < output.channels(); c++) {
      output.set(0, c, table[row * output.channels() + c]);
    }
  }
}
