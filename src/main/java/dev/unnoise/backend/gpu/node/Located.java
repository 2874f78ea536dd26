package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.graph.DataType;

/**
 * Where a tensor lies on the device.
 *
 * @param offset elements from the buffer's start to the first image's first element
 * @param stride elements from one pixel to the next
 */
public record Located(GpuBuffer buffer, long offset, int stride) {
  /** Bytes that cards load at once at most. */
  public static final int WIDEST_LOAD = 16;

  /** No tensor: a null pointer. */
  static final Located NOWHERE = new Located(null, 0, 0);

  /** Bytes from the buffer's start to the first element. */
  public long byteOffset(DataType type) {
    return offset * type.bytes();
  }

  /** The largest power of two, up to {@link #WIDEST_LOAD}, that the first pixel's address is a multiple of. */
  public int alignment(DataType type) {
    return alignment(byteOffset(type));
  }

  /** The largest power of two, up to {@link #WIDEST_LOAD}, that divides a number of bytes. */
  public static int alignment(long bytes) {
    return (int) Long.lowestOneBit(bytes | WIDEST_LOAD);
  }

  /** From a pixel on. */
  Located from(long pixel) {
    return new Located(buffer, offset + pixel * stride, stride);
  }

  /** Gives the place to a kernel. */
  public GpuKernel to(GpuKernel kernel) {
    return kernel.buffer(buffer).longInteger(offset).integer(stride);
  }
}
