package dev.unnoise.backend.gpu;

import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.MemorySegment;

/**
 * A device that runs our kernels, opened, with one queue that works in order. What backends that own a device's driver
 * have in common is written against this. Used by one thread at a time.
 */
public interface Gpu extends AutoCloseable {

  GpuInfo info();

  /** The language that it compiles. */
  Dialect dialect();

  /**
   * Memory whose content is not defined.
   *
   * @throws BackendException if the device has not so much, in one piece
   */
  GpuBuffer allocate(long bytes);

  /** Groups of work-items along any axis but the first of a launch at most: there is where images are counted. */
  default int mostGroupsAside() {
    return Integer.MAX_VALUE;
  }

  /** How often this process has allocated memory of devices of this kind. */
  long allocations();

  /** Copies numbers to the device. */
  default void write(GpuBuffer to, float[] values) {
    write(to, 0, MemorySegment.ofArray(values));
  }

  /** Copies numbers to the device. */
  default void write(GpuBuffer to, int[] values) {
    write(to, 0, MemorySegment.ofArray(values));
  }

  /** Copies bytes to the device, after what was enqueued before; the host's may change as soon as this returns. */
  void write(GpuBuffer to, long offset, MemorySegment from);

  /** Copies bytes from the device; waits for all that was enqueued before. */
  void read(GpuBuffer from, long offset, MemorySegment to);

  /** Enqueues a copy within the device. */
  void copy(GpuBuffer from, long fromOffset, GpuBuffer to, long toOffset, long bytes);

  /** Marks this place in the queue, and has the device begin. */
  GpuMark mark();

  /** Whether {@link #record} makes one launch of many. Work should then have been enqueued once before it is recorded. */
  default boolean recordsLaunches() {
    return false;
  }

  /**
   * Takes what {@code work} enqueues, which must not allocate, copy from or to the host, or wait.
   *
   * @param work is not executed by this where launches are recorded
   */
  default GpuReplay record(Runnable work) {
    return GpuReplay.direct(work);
  }

  /**
   * How long the device takes for what {@code work} enqueues: by its own clock if it has one, else by the host's, from
   * when it has nothing left to do until that is so again.
   *
   * @return nanoseconds
   */
  default double nanosOf(Runnable work) {
    finish();
    long began = System.nanoTime();
    work.run();
    finish();
    return System.nanoTime() - began;
  }

  /** Waits until the device has nothing left to do. */
  void finish();

  /**
   * Compiles a program.
   *
   * @throws BackendException with the compiler's first complaint
   */
  GpuModule compile(KernelSource source);

  @Override
  void close();
}
