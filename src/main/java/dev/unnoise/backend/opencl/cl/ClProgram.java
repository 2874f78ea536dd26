package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.clCreateKernel;
import static org.jocl.CL.clReleaseProgram;

import dev.unnoise.backend.gpu.GpuModule;
import org.jocl.cl_kernel;
import org.jocl.cl_program;

/** A compiled program of OpenCL. */
final class ClProgram implements GpuModule {
  private final ClContext context;
  private final cl_program program;
  private boolean closed;

  ClProgram(ClContext context, cl_program program) {
    this.context = context;
    this.program = program;
    ClContext.HELD.incrementAndGet();
  }

  @Override
  public ClKernel kernel(String name) {
    int[] status = new int[1];
    cl_kernel kernel = clCreateKernel(program, name, status);
    Status.check(status[0], "clCreateKernel(" + name + ")");
    return new ClKernel(context, kernel, name);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ClContext.HELD.decrementAndGet();
      Status.check(clReleaseProgram(program), "clReleaseProgram");
    }
  }
}
