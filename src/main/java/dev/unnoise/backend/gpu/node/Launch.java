package dev.unnoise.backend.gpu.node;

/** Something that is handed to the device as one. */
public interface Launch extends AutoCloseable {

  /** Hands it to the device for the first {@code images} images. */
  void enqueue(int images);

  @Override
  void close();
}
