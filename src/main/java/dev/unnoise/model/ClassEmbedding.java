package dev.unnoise.model;

/** How a class label enters the network. */
public sealed interface ClassEmbedding {

  /** Not at all. */
  record None() implements ClassEmbedding {}

  /**
   * As a row of a table.
   *
   * @param rows number of labels, the null class among them if there is one
   */
  record Table(int rows) implements ClassEmbedding {}

  /** Embedded like a timestep, through a network of its own. */
  record LikeTimestep() implements ClassEmbedding {}
}
