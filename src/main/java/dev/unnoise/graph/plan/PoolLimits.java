package dev.unnoise.graph.plan;

/**
 * What a device allows its pools to be.
 *
 * @param alignment bytes; every place begins at a multiple of it
 * @param largestPool bytes of the largest single allocation
 * @param overwrite whether an element-wise result may take the place of an operand that dies there
 */
public record PoolLimits(long alignment, long largestPool, boolean overwrite) {
  public PoolLimits {
    if (alignment < 1 || largestPool < alignment) {
      throw new IllegalArgumentException(
          "alignment " + alignment + " and largest pool " + largestPool + " do not fit together");
    }
  }

  long align(long bytes) {
    return Math.ceilDiv(bytes, alignment) * alignment;
  }
}
