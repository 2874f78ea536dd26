package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClBuffer;
import dev.unnoise.backend.opencl.cl.ClKernel;

/**
 * Where a tensor lies on the device.
 *
 * @param offset elements from the buffer's start to the first image's first element
 * @param stride elements from one pixel to the next
 */
public record Located(ClBuffer buffer, long offset, int stride) {
  /** No tensor: a null pointer. */
  static final Located NOWHERE = new Located(null, 0, 0);

  /** Gives the place to a kernel. */
  public ClKernel to(ClKernel kernel) {
    return kernel.buffer(buffer).longInteger(offset).integer(stride);
  }
}
