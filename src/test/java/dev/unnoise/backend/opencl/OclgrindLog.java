package dev.unnoise.backend.opencl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the simulator has to say of the last device. It begins its log anew with every one. */
final class OclgrindLog {
  private OclgrindLog() {}

  static void requireEmpty() throws IOException {
    String log = Files.readString(Path.of(System.getenv("OCLGRIND_LOG")));
    if (!log.isEmpty()) {
      throw new IllegalStateException(log);
    }
  }
}
