package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClKernel;

/** A kernel with its arguments and its grid, whose last axis is the image. */
public final class Launch implements AutoCloseable {
  private final ClKernel kernel;
  private final long[] global;
  private final long[] local;

  /**
   * @param itemsPerGroup work-items of a group along the first axis, which is rounded up to it; 1 along the others
   * @param items work-items along every axis but the images'
   */
  Launch(ClKernel kernel, int itemsPerGroup, long... items) {
    this.kernel = kernel;
    this.global = new long[items.length + 1];
    this.local = new long[items.length + 1];
    for (int axis = 0; axis < items.length; axis++) {
      local[axis] = axis == 0 ? itemsPerGroup : 1;
      global[axis] = Math.ceilDiv(items[axis], local[axis]) * local[axis];
    }
    local[items.length] = 1;
  }

  /** Hands it to the device for the first {@code images} images. */
  public void enqueue(int images) {
    global[global.length - 1] = images;
    kernel.enqueue(global, local);
  }

  @Override
  public void close() {
    kernel.close();
  }
}
