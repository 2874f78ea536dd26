package dev.unnoise.backend.gpu;

/**
 * A kernel with arguments of its own. They are given in order, once; it can then be enqueued any number of times. One
 * that is refused an argument closes itself: nobody may have come to own it yet.
 */
public interface GpuKernel extends AutoCloseable {

  /** A pointer to a buffer; null is the null pointer. */
  GpuKernel buffer(GpuBuffer buffer);

  GpuKernel integer(int value);

  GpuKernel longInteger(long value);

  /** A number in single precision. */
  GpuKernel number(double value);

  /** Which argument is given next, counting from 0. */
  int next();

  /** Goes on with an argument that was given before. */
  GpuKernel from(int argument);

  /**
   * Hands it to the device; returns at once.
   *
   * @param global work-items along every axis, multiples of those of a group
   * @param local work-items of a group along every axis
   */
  void enqueue(long[] global, long[] local);

  @Override
  void close();
}
