package dev.unnoise.backend.cpu.onednn;

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

  private Arena arena;
  private final Deque<Runnable> destroyers = new ArrayDeque<>();

  /** How often native memory has been allocated by any scope. */
  public static long allocations() {
    return ALLOCATIONS.get();
  }

  /** Zeroed memory. */
  public synchronized MemorySegment allocate(long bytes) {
    if (arena == null) {
      arena = Arena.ofShared();
    }
    ALLOCATIONS.incrementAndGet();
    return arena.allocate(Math.max(bytes, ALIGNMENT), ALIGNMENT);
  }

  /** Takes a native object over: it is destroyed when the scope closes. */
  synchronized MemorySegment own(MemorySegment handle, String call, ToIntFunction<MemorySegment> destroy) {
    destroyers.push(() -> Status.check(destroy.applyAsInt(handle), call));
    return handle;
  }

  @Override
  public synchronized void close() {
    while (!destroyers.isEmpty()) {
      destroyers.pop().run();
    }
    if (arena != null) {
      arena.close();
    }
  }
}
