package dev.unnoise.model;

import dev.unnoise.diffusion.Keyed;

/** How a timestep becomes a vector: {@code time_embedding_type}. */
public enum TimeEmbedding implements Keyed {
  /** Sines and cosines. */
  POSITIONAL("positional"),
  /** Sines and cosines of random frequencies of the logarithm; the output is divided by the timestep. */
  FOURIER("fourier"),
  /** A row of a table. */
  LEARNED("learned");

  private final String key;

  TimeEmbedding(String key) {
    this.key = key;
  }

  @Override
  public String key() {
    return key;
  }
}
