package dev.unnoise.backend.cuda.library;

import java.nio.file.Path;

/** What came of looking for a library in one place. */
public sealed interface Outcome {

  /**
   * It is there, and loaded.
   *
   * @param version its own; of the driver, the version of CUDA that it is for
   * @param doubt why it may fail nevertheless; empty if there is no reason
   */
  record Found(Path file, Version version, String doubt) implements Outcome {
    /** Without a doubt. */
    Found(Path file, Version version) {
      this(file, version, "");
    }

    @Override
    public String toString() {
      return "found, version " + version + (doubt.isEmpty() ? "" : ", but " + doubt);
    }
  }

  /**
   * It could be used, but others that belong to it could not be taken from the same place.
   *
   * @param lacking the first of those others
   */
  record PassedOver(Path file, Version version, Library lacking) implements Outcome {
    @Override
    public String toString() {
      return "not taken, version " + version + ": there is no " + lacking.title() + " with it that can be used";
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
