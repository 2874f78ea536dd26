package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.atomic.AtomicLong;

/** A handle of cuDNN on a stream. */
public final class Cudnn implements Card, AutoCloseable {
  static final AtomicLong HELD = new AtomicLong();
  private static final int LONGEST_MESSAGE = 512;

  private final CudaContext context;
  private final MemorySegment handle;
  private boolean closed;

  /**
   * Opens the library on a card.
   *
   * @throws BackendException if the library refuses
   */
  public Cudnn(CudaContext context) {
    this.context = context;
    context.makeCurrent();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
      check(cudnn_h.cudnnCreate(made), "cudnnCreate");
      handle = made.get(ValueLayout.ADDRESS, 0);
      HELD.incrementAndGet();
    }
    try {
      check(cudnn_h.cudnnSetStream(handle, context.stream()), "cudnnSetStream");
    } catch (RuntimeException e) {
      Closing.after(e, this::close);
      throw e;
    }
  }

  /** How many objects of the library are held by this process. */
  public static long held() {
    return HELD.get();
  }

  /** The handle, for calls on the card that it is of: that is the thread's current one now. */
  MemorySegment handle() {
    if (closed) {
      throw new IllegalStateException("cuDNN is used after it was closed");
    }
    context.makeCurrent();
    return handle;
  }

  @Override
  public boolean isAlive() {
    return context.isAlive();
  }

  @Override
  public void graph(Descriptor graph) {
    graph.handle(cudnn_h.CUDNN_ATTR_OPERATIONGRAPH_HANDLE(), this);
  }

  @Override
  public void plan(Descriptor plan) {
    plan.handle(cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_HANDLE(), this);
  }

  /**
   * Passes success.
   *
   * @throws BackendException naming the call, the status and what the library last said
   */
  static void check(int status, String call) {
    if (status != cudnn_h.CUDNN_STATUS_SUCCESS()) {
      throw failure(status, call);
    }
  }

  static BackendException failure(int status, String call) {
    return new BackendException("cuDNN's " + call + " failed: " + name(status) + last());
  }

  private static String name(int status) {
    return cudnn_h.cudnnGetErrorString(status).reinterpret(Long.MAX_VALUE).getString(0);
  }

  private static String last() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment text = arena.allocate(LONGEST_MESSAGE);
      cudnn_h.cudnnGetLastErrorString(text, LONGEST_MESSAGE);
      String message = text.getString(0).strip();
      return message.isEmpty() ? "" : ": " + message.lines().findFirst().orElse("");
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      HELD.decrementAndGet();
      Closing.inOrder(context::makeCurrent, () -> check(cudnn_h.cudnnDestroy(handle), "cudnnDestroy"));
    }
  }
}
