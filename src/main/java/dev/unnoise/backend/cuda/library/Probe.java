package dev.unnoise.backend.cuda.library;

import java.util.Optional;

/** Tries what may be a library. */
interface Probe {
  /**
   * Opens it and looks whether it will do. What cannot be used leaves nothing behind.
   *
   * @param driver what the driver is for, if there is one: libraries for a newer CUDA do not work with it
   */
  Trial open(Library library, Candidate.Loadable candidate, Optional<Version> driver);

  /** What was opened: loaded or closed next, and open as long as neither is done. */
  interface Trial extends AutoCloseable {
    /** {@link Outcome.Found} if it will do. */
    Outcome outcome();

    /** Loads it for the rest of the process if it will do; closes it if that fails. */
    Outcome load();

    @Override
    void close();
  }
}
