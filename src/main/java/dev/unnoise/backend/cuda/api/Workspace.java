package dev.unnoise.backend.cuda.api;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.GpuBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Scratch memory that all plans of a device share: they run one after another. It grows while plans are made. What it
 * has outgrown is kept while there is a recording, which may read and write there whenever it is launched.
 */
public final class Workspace implements AutoCloseable {
  private final CudaContext context;
  private final List<GpuBuffer> outgrown = new ArrayList<>();
  private GpuBuffer buffer;

  /** Nothing yet. */
  public Workspace(CudaContext context) {
    this.context = context;
  }

  /** Makes sure that there are so many bytes. */
  public void require(long bytes) {
    if (bytes > 0 && (buffer == null || buffer.bytes() < bytes)) {
      // What was prepared before needs the smaller one if there is no larger one to be had.
      GpuBuffer larger = context.allocate(bytes);
      if (buffer != null) {
        outgrown.add(buffer);
      }
      buffer = larger;
    }
    if (!outgrown.isEmpty() && !context.hasReplays()) {
      Closing.inOrder(context::finish, this::freeOutgrown);
    }
  }

  private void freeOutgrown() {
    List<GpuBuffer> freed = List.copyOf(outgrown);
    outgrown.clear();
    Closing.each(freed, GpuBuffer::close);
  }

  /** The memory; null if no plan needs any. */
  public GpuBuffer buffer() {
    return buffer;
  }

  @Override
  public void close() {
    GpuBuffer last = buffer;
    buffer = null;
    Closing.inOrder(this::freeOutgrown, () -> Closing.each(Stream.ofNullable(last).toList(), GpuBuffer::close));
  }
}
