package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuKernel;

/** A kernel with its arguments and its grid. */
final class KernelLaunch implements Launch {
  private final GpuKernel kernel;
  private final Grid grid;
  private final long[] local;
  private int images = -1;
  private long[] global;
  private int imagesArgument = -1;

  KernelLaunch(GpuKernel kernel, Grid grid) {
    this.kernel = kernel;
    this.grid = grid;
    this.local = grid.local();
  }

  /** A launch on a grid whose last axis is the image. */
  KernelLaunch(GpuKernel kernel, int itemsPerGroup, long... items) {
    this(kernel, new Grid.PerImage(itemsPerGroup, items));
  }

  /** Has the kernel's next argument say how many images there are. */
  void countingImages() {
    imagesArgument = kernel.next();
    kernel.integer(0);
  }

  @Override
  public void enqueue(int count) {
    if (count != images) {
      images = count;
      global = grid.global(count);
      if (imagesArgument >= 0) {
        kernel.from(imagesArgument).integer(count);
      }
    }
    kernel.enqueue(global, local);
  }

  @Override
  public void close() {
    kernel.close();
  }
}
