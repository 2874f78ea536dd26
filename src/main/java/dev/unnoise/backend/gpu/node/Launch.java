package dev.unnoise.backend.gpu.node;

/** Something that is handed to the device as one. */
public interface Launch extends AutoCloseable {

  /** Hands it to the device for the first {@code images} images. */
  void enqueue(int images);

  /** What computes it, for people who wonder whether a library does. */
  default String by() {
    return "kernel";
  }

  @Override
  void close();
}
