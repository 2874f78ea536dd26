package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.CL_SUCCESS;
import static org.jocl.CL.clEnqueueNDRangeKernel;
import static org.jocl.CL.clReleaseKernel;
import static org.jocl.CL.clSetKernelArg;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.graph.run.BackendException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_kernel;

/** A kernel of OpenCL. */
final class ClKernel implements GpuKernel {
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

  @Override
  public ClKernel buffer(GpuBuffer buffer) {
    Pointer pointer = buffer == null ? null : Pointer.to(((ClBuffer) buffer).memory());
    return argument(Sizeof.cl_mem, pointer);
  }

  @Override
  public ClKernel integer(int value) {
    return argument(Integer.BYTES, Pointer.to(new int[] {value}));
  }

  @Override
  public ClKernel longInteger(long value) {
    return argument(Long.BYTES, Pointer.to(new long[] {value}));
  }

  @Override
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

  @Override
  public int next() {
    return next;
  }

  @Override
  public ClKernel from(int argument) {
    next = argument;
    return this;
  }

  @Override
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
