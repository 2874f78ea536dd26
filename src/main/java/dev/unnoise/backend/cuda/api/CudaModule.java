package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.GpuModule;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A compiled program of CUDA. */
final class CudaModule implements GpuModule {
  private final CudaContext context;
  private final MemorySegment module;
  private boolean closed;

  CudaModule(CudaContext context, MemorySegment module) {
    this.context = context;
    this.module = module;
    Driver.HELD.incrementAndGet();
  }

  /** Loads code that was compiled for the card. */
  static CudaModule load(CudaContext context, byte[] cubin, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ValueLayout.ADDRESS);
      MemorySegment image = arena.allocateFrom(ValueLayout.JAVA_BYTE, cubin);
      Driver.check(driver_h.cuModuleLoadData(handle, image), "cuModuleLoadData(" + name + ")");
      return new CudaModule(context, handle.get(ValueLayout.ADDRESS, 0));
    }
  }

  @Override
  public GpuKernel kernel(String name) {
    context.makeCurrent();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ValueLayout.ADDRESS);
      Driver.check(
          driver_h.cuModuleGetFunction(handle, module, arena.allocateFrom(name)), "cuModuleGetFunction(" + name + ")");
      return new CudaKernel(context, handle.get(ValueLayout.ADDRESS, 0), name);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Driver.HELD.decrementAndGet();
      context.makeCurrent();
      Driver.check(driver_h.cuModuleUnload(module), "cuModuleUnload");
    }
  }
}
