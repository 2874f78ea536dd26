package dev.unnoise.backend.cuda.api;

/**
 * The number of images at which libraries choose their algorithms, whatever number is then computed: so the bits of an
 * image do not depend on how many there are beside it, nor on which batch was the first.
 *
 * @param preferredBatch of the device
 * @param elements of a tensor beyond which fewer images are taken
 */
public record Nominal(int preferredBatch, long elements) {
  /** Algorithms that count in 32 bits are left out beyond this; the choice stays below it. */
  private static final long COUNTED_IN_32_BITS = 1L << 30;

  /** Of a device's memory, one tensor in single precision takes at most one part of so many. */
  private static final long PARTS_OF_MEMORY = 16;

  /** For a device, with no regard to how much of its memory is free just now. */
  public static Nominal of(CudaDeviceInfo device) {
    long fitting = device.memoryBytes() / PARTS_OF_MEMORY / Float.BYTES;
    return new Nominal(device.preferredBatch(), Math.min(COUNTED_IN_32_BITS, fitting));
  }

  /** How many, where the largest tensor has so many elements for each. */
  public int images(long elementsOfAnImage) {
    return (int) Math.clamp(elements / elementsOfAnImage, 1, preferredBatch);
  }
}
