package dev.unnoise.model;

import java.util.Optional;

/** One layer of a U-Net's body, in the order in which they run; see {@link Blueprint}. */
sealed interface Layer {

  /** How a residual block changes the resolution. */
  enum Change {
    NONE,
    HALVE,
    DOUBLE
  }

  /**
   * A residual block (diffusers: {@code ResnetBlock2D}).
   *
   * @param name prefix of its parameters
   * @param scaleFactor divides the residual sum
   */
  record Residual(String name, int outChannels, Change change, double scaleFactor) implements Layer {}

  /**
   * A self-attention over pixels.
   *
   * @param groups of the norm before it; no norm if empty
   * @param scaleFactor divides the residual sum
   */
  record SelfAttention(String name, Optional<Integer> groups, double scaleFactor) implements Layer {}

  /** A convolution with stride 2. */
  record Downsample(String name) implements Layer {}

  /** Nearest-neighbour upsampling and a convolution. */
  record Upsample(String name) implements Layer {}

  /** Keeps what has been computed for the way up. */
  record Remember() implements Layer {}

  /**
   * Concatenates what was remembered last to the channels.
   *
   * @param name of the concatenation
   */
  record Recall(String name) implements Layer {}
}
