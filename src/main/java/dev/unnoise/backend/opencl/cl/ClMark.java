package dev.unnoise.backend.opencl.cl;

import static org.jocl.CL.CL_COMPLETE;
import static org.jocl.CL.CL_EVENT_COMMAND_EXECUTION_STATUS;
import static org.jocl.CL.clGetEventInfo;
import static org.jocl.CL.clReleaseEvent;

import dev.unnoise.backend.gpu.GpuMark;
import org.jocl.Pointer;
import org.jocl.cl_event;

/** An event of OpenCL. */
final class ClMark implements GpuMark {
  private final cl_event event;
  private boolean closed;

  ClMark(cl_event event) {
    this.event = event;
    ClContext.HELD.incrementAndGet();
  }

  @Override
  public boolean isReached() {
    int[] status = new int[1];
    Status.check(
        clGetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS, Integer.BYTES, Pointer.to(status), null),
        "clGetEventInfo");
    if (status[0] < 0) {
      Status.check(status[0], "execution of a kernel");
    }
    return status[0] == CL_COMPLETE;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      ClContext.HELD.decrementAndGet();
      Status.check(clReleaseEvent(event), "clReleaseEvent");
    }
  }
}
