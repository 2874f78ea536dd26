package dev.unnoise.image;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;

/** Images written to one file as they come. */
abstract class SingleFileWriter<S extends OutputStream> implements ImageWriter {
  private final PendingFile file;
  private final S out;

  /** Makes the stream that images are written to. */
  @FunctionalInterface
  interface Opening<S> {
    S over(OutputStream file) throws IOException;
  }

  /**
   * @param opening wraps the file and writes what stands before the images
   */
  SingleFileWriter(PendingFile file, Opening<S> opening) {
    this.file = file;
    try {
      this.out = opening.over(file.open());
    } catch (IOException e) {
      try (file) {
        throw file.failure(e);
      }
    }
  }

  /** Writes images, one after another. */
  abstract void put(S stream, MemorySegment images, int count) throws IOException;

  @Override
  public final void write(MemorySegment images, int count) {
    try {
      put(out, images, count);
    } catch (IOException e) {
      throw file.failure(e);
    }
  }

  @Override
  public final void commit() {
    try {
      out.close();
    } catch (IOException e) {
      throw file.failure(e);
    }
    file.commit();
  }

  /** Closes the stream and the file; a failure of the first is reported after the second has been dealt with. */
  @Override
  public final void close() {
    try (file) {
      out.close();
    } catch (IOException e) {
      throw file.failure(e);
    }
  }
}
