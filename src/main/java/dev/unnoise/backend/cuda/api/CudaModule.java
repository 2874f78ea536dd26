package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.GpuModule;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/** A compiled program of CUDA. */
final class CudaModule implements GpuModule {
  /**
   * CUDA_ERROR_INVALID_IMAGE, _NO_BINARY_FOR_GPU, _INVALID_PTX, _UNSUPPORTED_PTX_VERSION and _INVALID_SOURCE: what is no
   * code for the card may look like text to a driver.
   */
  private static final Set<Integer> REFUSALS = Set.of(200, 209, 218, 222, 300);

  private final CudaContext context;
  private final MemorySegment module;
  private boolean closed;

  CudaModule(CudaContext context, MemorySegment module) {
    this.context = context;
    this.module = module;
    Driver.HELD.incrementAndGet();
  }

  /** The driver does not take code: it is damaged, or not for the card. */
  static final class RefusedException extends BackendException {
    private static final long serialVersionUID = 1L;

    private RefusedException(String message) {
      super(message);
    }
  }

  /**
   * Loads code that was compiled for the card.
   *
   * @throws RefusedException if it is the code that the driver complains of
   */
  static CudaModule load(CudaContext context, byte[] cubin, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ValueLayout.ADDRESS);
      // What is no code is read as text, which a zero ends.
      MemorySegment image = arena.allocate(cubin.length + 1L);
      MemorySegment.copy(cubin, 0, image, ValueLayout.JAVA_BYTE, 0, cubin.length);
      int status = driver_h.cuModuleLoadData(handle, image);
      String call = "cuModuleLoadData(" + name + ")";
      if (REFUSALS.contains(status)) {
        throw new RefusedException(Driver.failure(status, call).getMessage());
      }
      Driver.check(status, call);
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
