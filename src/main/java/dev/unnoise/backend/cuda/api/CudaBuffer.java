package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.gpu.GpuBuffer;

/** Memory of a card. */
final class CudaBuffer implements GpuBuffer {
  private final CudaContext context;
  private final long bytes;
  private long address;

  CudaBuffer(CudaContext context, long address, long bytes) {
    this.context = context;
    this.address = address;
    this.bytes = bytes;
    Driver.HELD.incrementAndGet();
  }

  @Override
  public long bytes() {
    return bytes;
  }

  /** Where it lies, for calls of libraries. */
  long address() {
    if (address == 0) {
      throw new IllegalStateException("device memory is used after it was freed");
    }
    return address;
  }

  @Override
  public void close() {
    if (address != 0) {
      long freed = address;
      address = 0;
      Driver.HELD.decrementAndGet();
      context.makeCurrent();
      Driver.check(driver_h.cuMemFree_v2(freed), "cuMemFree");
    }
  }
}
