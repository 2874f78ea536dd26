package dev.unnoise.backend.cpu.kernel;

/**
 * Arrays on the heap through which loops in Java work, a cache-sized piece of a tensor at a time: the JIT compiler
 * makes vector code of loops over arrays, not of loops over native memory.
 */
public final class Staging {
  /** Floats of a piece: a few arrays of this size fit the first-level cache. */
  static final int PIECE = 1024;

  private float[][] arrays = new float[0][];

  /** An array of at least {@code length} floats, always the same for the same index. */
  float[] array(int index, int length) {
    if (index >= arrays.length) {
      float[][] more = new float[index + 1][];
      System.arraycopy(arrays, 0, more, 0, arrays.length);
      arrays = more;
    }
    if (arrays[index] == null || arrays[index].length < length) {
      arrays[index] = new float[length];
    }
    return arrays[index];
  }

  /** How many pixels of {@code channels} channels make a piece. */
  static int pixelsPerPiece(int channels) {
    return Math.max(1, PIECE / channels);
  }
}
