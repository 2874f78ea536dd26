package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.bindings.cublaslt.cublaslt_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLong;

/** A handle of cuBLASLt on a card. */
public final class CublasLt implements AutoCloseable {
  static final AtomicLong HELD = new AtomicLong();

  private final CudaContext context;
  private final MemorySegment handle;
  private boolean closed;

  /**
   * Opens the library on a card.
   *
   * @throws BackendException if the library refuses
   */
  public CublasLt(CudaContext context) {
    this.context = context;
    context.makeCurrent();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
      check(cublaslt_h.cublasLtCreate(made), "cublasLtCreate");
      handle = made.get(ValueLayout.ADDRESS, 0);
      HELD.incrementAndGet();
    }
  }

  /** How many objects of the library are held by this process. */
  public static long held() {
    return HELD.get();
  }

  /** The handle, for calls on the card that it is of: that is the thread's current one now. */
  MemorySegment handle() {
    if (closed) {
      throw new IllegalStateException("cuBLASLt is used after it was closed");
    }
    context.makeCurrent();
    return handle;
  }

  MemorySegment stream() {
    return context.stream();
  }

  /**
   * Passes success.
   *
   * @throws BackendException naming the call and the status
   */
  static void check(int status, String call) {
    if (status != cublaslt_h.CUBLAS_STATUS_SUCCESS()) {
      throw new BackendException("cuBLASLt's " + call + " failed: " + name(status));
    }
  }

  private static String name(int status) {
    return text(cublaslt_h.cublasLtGetStatusName(status)) + " (" + text(cublaslt_h.cublasLtGetStatusString(status)) + ")";
  }

  private static String text(MemorySegment pointer) {
    return pointer.reinterpret(Long.MAX_VALUE).getString(0);
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      HELD.decrementAndGet();
      Closing.inOrder(context::makeCurrent, () -> check(cublaslt_h.cublasLtDestroy(handle), "cublasLtDestroy"));
    }
  }
}
