package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.graph.plan.Cost;
import java.util.Optional;

/** A kernel with its arguments and its grid. */
final class KernelLaunch implements Launch {
  private final GpuKernel kernel;
  private final String name;
  private final Grid grid;
  private final long[] local;
  private int images = -1;
  private long[] global;
  private int imagesArgument = -1;
  private Optional<Cost> cost = Optional.empty();

  /**
   * @param kernel whose arguments may still have to be given
   * @param name of the kernel and its program
   */
  KernelLaunch(GpuKernel kernel, String name, Grid grid) {
    this.kernel = kernel;
    this.name = name;
    this.grid = grid;
    this.local = grid.local();
  }

  /** The kernel, to give it arguments. */
  GpuKernel kernel() {
    return kernel;
  }

  /** The same launch, which does only a part of a node's work. */
  KernelLaunch costing(Cost part) {
    cost = Optional.of(part);
    return this;
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
  public String detail() {
    return name;
  }

  @Override
  public Optional<Cost> cost() {
    return cost;
  }

  @Override
  public void close() {
    kernel.close();
  }
}
