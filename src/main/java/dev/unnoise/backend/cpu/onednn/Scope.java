package dev.unnoise.backend.cpu.onednn;

import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.ToIntFunction;

/** Native memory and native objects that are freed together, the newest first. */
public final class Scope implements AutoCloseable {
  /** A cache line, and the widest vector. */
  private static final int ALIGNMENT = 64;

  private static final AtomicLong ALLOCATIONS = new AtomicLong();
  private static final AtomicLong HELD = new AtomicLong();

  private Arena arena;
  private final Deque<Runnable> destroyers = new ArrayDeque<>();

  /** How often native memory has been allocated by any scope. */
  public static long allocations() {
    return ALLOCATIONS.get();
  }

  /** How many native objects and arenas all open scopes hold. */
  public static long held() {
    return HELD.get();
  }

  /**
   * Zeroed memory.
   *
   * @throws BackendException if there is not enough
   */
  public MemorySegment allocate(long bytes) {
    Arena owner = arena();
    ALLOCATIONS.incrementAndGet();
    try {
      return owner.allocate(Math.max(bytes, ALIGNMENT), ALIGNMENT);
    } catch (OutOfMemoryError e) {
      throw new BackendException(
          "there is no memory for " + (bytes >> 20) + " MiB more; sample fewer images at once", e);
    }
  }

  private synchronized Arena arena() {
    if (arena == null) {
      arena = Arena.ofShared();
      HELD.incrementAndGet();
    }
    return arena;
  }

  /** Takes a native object over: it is destroyed when the scope closes. */
  synchronized MemorySegment own(MemorySegment handle, String call, ToIntFunction<MemorySegment> destroy) {
    destroyers.push(() -> Status.check(destroy.applyAsInt(handle), call));
    HELD.incrementAndGet();
    return handle;
  }

  @Override
  public synchronized void close() {
    RuntimeException failure = null;
    while (!destroyers.isEmpty()) {
      try {
        destroyers.pop().run();
      } catch (RuntimeException e) {
        failure = failure == null ? e : failure;
      }
      HELD.decrementAndGet();
    }
    if (arena != null) {
      arena.close();
      arena = null;
      HELD.decrementAndGet();
    }
    if (failure != null) {
      throw failure;
    }
  }
}
