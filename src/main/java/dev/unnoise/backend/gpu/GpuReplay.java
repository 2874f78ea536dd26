package dev.unnoise.backend.gpu;

/** Work that can be enqueued again and again. */
public interface GpuReplay extends AutoCloseable {

  /** Hands it to the device; returns at once. */
  void enqueue();

  @Override
  void close();
}
