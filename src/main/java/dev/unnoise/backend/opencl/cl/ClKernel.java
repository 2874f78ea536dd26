package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.CL_SUCCESS;
import static org.jocl.CL.clEnqueueNDRangeKernel;
import static org.jocl.CL.clReleaseKernel;
import static org.jocl.CL.clSetKernelArg;

import dev.unnoise.graph.run.BackendException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;

/**
 * A kernel with arguments of its own. They are given in order, once; it can then be enqueued any number of times. One
 * that is refused an argument closes itself: nobody may have come to own it yet.
 */
public final class ClKernel implements AutoCloseable {
  private final ClContext context;
  private final cl_kernel kernel;
  private final String name;
  private int next;
  private boolean closed;

  ClKernel(ClContext context, cl_kernel kernel, String name) {
    this.context = context;
    this.kernel = kernel;
    this.name = name;
    ClContext.HELD.incrementAndGet();
  }

  /** A pointer to a buffer; null is the null pointer. */
  public ClKernel buffer(ClBuffer buffer) {
    Pointer pointer = buffer == null ? null : Pointer.to(buffer.memory());
    return argument(Sizeof.cl_mem, pointer);
  }

  public ClKernel integer(int value) {
    return argument(Integer.BYTES, Pointer.to(new int[] {value}));
  }

  public ClKernel longInteger(long value) {
    return argument(Long.BYTES, Pointer.to(new long[] {value}));
  }

  public ClKernel number(double value) {
    return argument(Float.BYTES, Pointer.to(new float[] {(float) value}));
  }

  private ClKernel argument(long size, Pointer value) {
    int status = clSetKernelArg(kernel, next, size, value);
    if (status != CL_SUCCESS) {
      BackendException failure = Status.failure(status, "clSetKernelArg(" + name + ", " + next + ")");
      Closing.after(failure, this::close);
      throw failure;
    }
    next++;
    return this;
  }

  /** Which argument is given next, counting from 0. */
  public int next() {
    return next;
  }

  /** Goes on with an argument that was given before. */
  public ClKernel from(int argument) {
    next = argument;
    return this;
  }

  /** Hands it to the device; returns at once. */
  public void enqueue(long[] global, long[] local) {
    Status.check(
        clEnqueueNDRangeKernel(context.queue(), kernel, global.length, null, global, local, 0, null, null),
        "clEnqueueNDRangeKernel(" + name + ")");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ClContext.HELD.decrementAndGet();
      Status.check(clReleaseKernel(kernel), "clReleaseKernel");
    }
  }
}
