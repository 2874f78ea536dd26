package dev.unnoise.backend.cuda.api;

/**
 * The number of images at which libraries choose their algorithms, whatever number is then computed: so the bits of an
 * image do not depend on how many there are beside it.
 */
public final class Nominal {
  /** Enough to fill a card. */
  private static final int IMAGES = 64;

  /** Elements of a tensor beyond which algorithms that count in 32 bits are left out; the choice stays below it. */
  private static final long ELEMENTS = 1L << 30;

  private Nominal() {}

  /** How many, where the largest tensor has so many elements for each. */
  public static int images(long elements) {
    return (int) Math.clamp(ELEMENTS / elements, 1, IMAGES);
  }
}
