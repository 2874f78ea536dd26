package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;

/**
 * Where a tensor lies on the device.
 *
 * @param offset elements from the buffer's start to the first image's first element
 * @param stride elements from one pixel to the next
 */
public record Located(GpuBuffer buffer, long offset, int stride) {
  /** No tensor: a null pointer. */
  static final Located NOWHERE = new Located(null, 0, 0);

  /** Gives the place to a kernel. */
  public GpuKernel to(GpuKernel kernel) {
    return kernel.buffer(buffer).longInteger(offset).integer(stride);
  }
}
