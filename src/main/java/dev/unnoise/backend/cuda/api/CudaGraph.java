package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.GpuReplay;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Launches that were captured from a stream, replayed as one. */
final class CudaGraph implements GpuReplay {
  private final CudaContext context;
  private final MemorySegment executable;
  private boolean closed;

  private CudaGraph(CudaContext context, MemorySegment executable) {
    this.context = context;
    this.executable = executable;
    context.countReplays(1);
    Driver.HELD.incrementAndGet();
  }

  /** Captures what {@code work} enqueues on the context's stream. */
  static CudaGraph capture(CudaContext context, Runnable work) {
    MemorySegment graph = captured(context, work);
    CudaGraph replay;
    try {
      replay = instantiate(context, graph);
    } catch (RuntimeException e) {
      Closing.after(e, () -> destroy(graph));
      throw e;
    }
    try {
      destroy(graph);
      Driver.check(driver_h.cuGraphUpload(replay.executable, context.stream()), "cuGraphUpload");
    } catch (RuntimeException e) {
      Closing.after(e, replay::close);
      throw e;
    }
    return replay;
  }

  private static CudaGraph instantiate(CudaContext context, MemorySegment graph) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ValueLayout.ADDRESS);
      Driver.check(driver_h.cuGraphInstantiateWithFlags(handle, graph, 0), "cuGraphInstantiate");
      return new CudaGraph(context, handle.get(ValueLayout.ADDRESS, 0));
    }
  }

  /** What is executed is a copy. */
  private static void destroy(MemorySegment graph) {
    Driver.check(driver_h.cuGraphDestroy(graph), "cuGraphDestroy");
  }

  private static MemorySegment captured(CudaContext context, Runnable work) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment handle = arena.allocate(ValueLayout.ADDRESS);
      Driver.check(
          driver_h.cuStreamBeginCapture_v2(context.stream(), driver_h.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()),
          "cuStreamBeginCapture");
      try {
        work.run();
      } catch (RuntimeException | Error e) {
        // A stream stays in capture until it is told to end; what it captured so far is of no use.
        if (driver_h.cuStreamEndCapture(context.stream(), handle) == driver_h.CUDA_SUCCESS()) {
          Closing.after(e, () -> destroy(handle.get(ValueLayout.ADDRESS, 0)));
        }
        throw e;
      }
      Driver.check(driver_h.cuStreamEndCapture(context.stream(), handle), "cuStreamEndCapture");
      return handle.get(ValueLayout.ADDRESS, 0);
    }
  }

  @Override
  public void enqueue() {
    // Between two steps somebody who follows them may have worked with another card.
    context.makeCurrent();
    Driver.check(driver_h.cuGraphLaunch(executable, context.stream()), "cuGraphLaunch");
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      context.countReplays(-1);
      Driver.HELD.decrementAndGet();
      context.makeCurrent();
      Driver.check(driver_h.cuGraphExecDestroy(executable), "cuGraphExecDestroy");
    }
  }
}
