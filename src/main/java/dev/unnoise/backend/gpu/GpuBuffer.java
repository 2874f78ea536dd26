package dev.unnoise.backend.gpu;

/** Memory of a device. */
public interface GpuBuffer extends AutoCloseable {

  /** Its size. */
  long bytes();

  @Override
  void close();
}
