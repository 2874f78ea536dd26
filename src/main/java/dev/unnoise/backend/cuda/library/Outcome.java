package dev.unnoise.backend.cuda.library;

import java.nio.file.Path;

/** What came of looking for a library in one place. */
public sealed interface Outcome {

  /**
   * It is there, and loaded.
   *
   * @param version its own; of the driver, the version of CUDA that it is for
   */
  record Found(Path file, Version version) implements Outcome {
    @Override
    public String toString() {
      return "found, version " + version;
    }
  }

  /** It is not there. */
  record Absent(String why) implements Outcome {
    @Override
    public String toString() {
      return why;
    }
  }

  /** Something is there that cannot be used. */
  record Refused(String why) implements Outcome {
    @Override
    public String toString() {
      return "refused: " + why;
    }
  }
}
