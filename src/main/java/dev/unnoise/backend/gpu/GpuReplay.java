package dev.unnoise.backend.gpu;

/** Work that can be enqueued again and again. */
public interface GpuReplay extends AutoCloseable {

  /** Work that is done anew each time: nothing is recorded. */
  static GpuReplay direct(Runnable work) {
    return new GpuReplay() {
      @Override
      public void enqueue() {
        work.run();
      }

      @Override
      public void close() {
        // Nothing was made.
      }
    };
  }

  /** Hands it to the device; returns at once. */
  void enqueue();

  @Override
  void close();
}
