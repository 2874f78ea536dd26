package dev.unnoise.backend.gpu;

/** A place in the queue: everything enqueued before it is done when it is reached. */
public interface GpuMark extends AutoCloseable {

  /** Whether the device has come that far; asks without waiting. */
  boolean isReached();

  @Override
  void close();
}
