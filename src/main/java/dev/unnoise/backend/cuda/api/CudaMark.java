package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.gpu.GpuMark;
import java.lang.foreign.MemorySegment;

/** An event of CUDA. Closing gives it back to the context, so that marking every step makes only a few. */
final class CudaMark implements GpuMark {
  private final CudaContext context;
  private final MemorySegment event;
  private boolean closed;

  CudaMark(CudaContext context, MemorySegment event) {
    this.context = context;
    this.event = event;
  }

  @Override
  public boolean isReached() {
    context.makeCurrent();
    int status = driver_h.cuEventQuery(event);
    if (status == driver_h.CUDA_ERROR_NOT_READY()) {
      return false;
    }
    Driver.check(status, "cuEventQuery");
    return true;
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.reuse(event);
    }
  }
}
