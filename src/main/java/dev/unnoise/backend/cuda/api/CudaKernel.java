package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A kernel of CUDA: its arguments lie in native memory of its own, eight bytes each. */
final class CudaKernel implements GpuKernel {
  private static final int MOST_ARGUMENTS = 40;
  private static final int AXES = 3;

  /** Blocks along the second and the third axis of a grid, on every card; along the first as many as an int counts. */
  static final int MOST_BLOCKS_ASIDE = 65_535;

  private final CudaContext context;
  private final MemorySegment function;
  private final String name;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment values = arena.allocate(ValueLayout.JAVA_LONG, MOST_ARGUMENTS);
  private final MemorySegment pointers = arena.allocate(ValueLayout.ADDRESS, MOST_ARGUMENTS);
  private int next;
  private boolean closed;

  CudaKernel(CudaContext context, MemorySegment function, String name) {
    this.context = context;
    this.function = function;
    this.name = name;
    for (int i = 0; i < MOST_ARGUMENTS; i++) {
      pointers.setAtIndex(ValueLayout.ADDRESS, i, values.asSlice(Long.BYTES * (long) i, Long.BYTES));
    }
    Driver.HELD.incrementAndGet();
  }

  @Override
  public GpuKernel buffer(GpuBuffer buffer) {
    return longInteger(buffer == null ? 0 : ((CudaBuffer) buffer).address());
  }

  @Override
  public GpuKernel integer(int value) {
    values.set(ValueLayout.JAVA_INT, Long.BYTES * (long) next, value);
    next++;
    return this;
  }

  @Override
  public GpuKernel longInteger(long value) {
    values.setAtIndex(ValueLayout.JAVA_LONG, next, value);
    next++;
    return this;
  }

  @Override
  public GpuKernel number(double value) {
    values.set(ValueLayout.JAVA_FLOAT, Long.BYTES * (long) next, (float) value);
    next++;
    return this;
  }

  @Override
  public int next() {
    return next;
  }

  @Override
  public GpuKernel from(int argument) {
    next = argument;
    return this;
  }

  @Override
  public void enqueue(long[] global, long[] local) {
    int[] blocks = {1, 1, 1};
    int[] threads = {1, 1, 1};
    for (int axis = 0; axis < Math.min(AXES, global.length); axis++) {
      threads[axis] = Math.toIntExact(local[axis]);
      long count = global[axis] / local[axis];
      int most = axis == 0 ? Integer.MAX_VALUE : MOST_BLOCKS_ASIDE;
      if (count > most) {
        throw new IllegalArgumentException(
            "the kernel " + name + " is to run on " + count + " blocks along axis " + axis + " of its grid, where cards"
                + " take at most " + most);
      }
      blocks[axis] = (int) count;
    }
    int status =
        driver_h.cuLaunchKernel(
            function,
            blocks[0],
            blocks[1],
            blocks[2],
            threads[0],
            threads[1],
            threads[2],
            0,
            context.stream(),
            pointers,
            MemorySegment.NULL);
    if (status != driver_h.CUDA_SUCCESS()) {
      throw Driver.failure(status, "cuLaunchKernel(" + name + ")");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Driver.HELD.decrementAndGet();
      arena.close();
    }
  }
}
