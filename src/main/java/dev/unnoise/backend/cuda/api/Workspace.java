package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;

/** Scratch memory that all plans of a device share: they run one after another. It grows while plans are made. */
public final class Workspace implements AutoCloseable {
  private final Gpu gpu;
  private GpuBuffer buffer;

  /** Nothing yet. */
  public Workspace(Gpu gpu) {
    this.gpu = gpu;
  }

  /** Makes sure that there are so many bytes. */
  public void require(long bytes) {
    if (bytes > 0 && (buffer == null || buffer.bytes() < bytes)) {
      // What was prepared before needs the smaller one if there is no larger one to be had.
      GpuBuffer larger = gpu.allocate(bytes);
      GpuBuffer smaller = buffer;
      buffer = larger;
      if (smaller != null) {
        Closing.inOrder(gpu::finish, smaller::close);
      }
    }
  }

  /** The memory; null if no plan needs any. */
  public GpuBuffer buffer() {
    return buffer;
  }

  @Override
  public void close() {
    if (buffer != null) {
      GpuBuffer freed = buffer;
      buffer = null;
      freed.close();
    }
  }
}
