package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.clReleaseMemObject;

import dev.unnoise.backend.gpu.GpuBuffer;
import org.jocl.cl_mem;

/** Memory of a device. */
final class ClBuffer implements GpuBuffer {
  private final ClContext context;
  private final long bytes;
  private cl_mem memory;

  ClBuffer(ClContext context, cl_mem memory, long bytes) {
    this.context = context;
    this.memory = memory;
    this.bytes = bytes;
    ClContext.HELD.incrementAndGet();
  }

  @Override
  public long bytes() {
    return bytes;
  }

  cl_mem memory() {
    if (memory == null) {
      throw new IllegalStateException("device memory is used after it was freed");
    }
    return memory;
  }

  @Override
  public void close() {
    if (memory != null) {
      cl_mem freed = memory;
      memory = null;
      context.freed(bytes);
      ClContext.HELD.decrementAndGet();
      Status.check(clReleaseMemObject(freed), "clReleaseMemObject");
    }
  }
}
