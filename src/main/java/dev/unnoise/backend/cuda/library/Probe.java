package dev.unnoise.backend.cuda.library;

import java.util.Optional;

/** Tries what may be a library. */
interface Probe {
  /**
   * Loads it for the rest of the process if it will do, else leaves nothing behind.
   *
   * @param driver what the driver is for, if there is one: libraries for a newer CUDA do not work with it
   */
  Outcome load(Library library, Candidate.Loadable candidate, Optional<Version> driver);
}
