package dev.unnoise.graph;

/**
 * The window of a convolution, the same along both axes.
 *
 * @param kernel extent of the kernel
 * @param stride step between outputs
 * @param padBefore zeros above and to the left
 * @param padAfter zeros below and to the right
 */
public record Window(int kernel, int stride, int padBefore, int padAfter) {
  /** 3×3, stride 1, one zero on every side: keeps height and width. */
  public static final Window SAME_3X3 = new Window(3, 1, 1, 1);

  /** 1×1. */
  public static final Window POINT = new Window(1, 1, 0, 0);

  /** 3×3 with stride 2 and {@code padBefore} zeros above and left, {@code padAfter} below and right. */
  public static Window halving(int padBefore, int padAfter) {
    return new Window(3, 2, padBefore, padAfter);
  }

  /** Outputs along an axis of {@code extent} inputs; below 1 if the kernel does not fit. */
  public int outputs(int extent) {
    return Math.floorDiv(extent + padBefore + padAfter - kernel, stride) + 1;
  }
}
