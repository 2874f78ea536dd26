package dev.unnoise.backend.gpu;

/** A compiled program. */
public interface GpuModule extends AutoCloseable {

  /** One of its kernels, without arguments yet. */
  GpuKernel kernel(String name);

  @Override
  void close();
}
