package dev.unnoise.image;

import java.io.Closeable;
import java.io.IOException;

/** Closing a stream together with the pending file it writes. */
final class Streams {
  private Streams() {}

  /** Closes both; a failure to close the stream is reported after the file has been dealt with. */
  static void close(Closeable stream, PendingFile file) {
    try (file) {
      stream.close();
    } catch (IOException e) {
      throw file.failure(e);
    }
  }
}
