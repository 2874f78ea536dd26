package dev.unnoise.backend.cuda.library;

import java.util.stream.Stream;

/** Somebody or something that may know where a library is. */
interface Source {
  /** Its name for people. */
  String name();

  /**
   * What it has, best first; one candidate that says so if it has nothing. The stream is lazy: nothing is unpacked for
   * a candidate that nobody gets to.
   */
  Stream<Candidate> candidates(Library library);

  /** Whether there is something to load, as far as that is known before anything is opened or unpacked. */
  default boolean has(Library library) {
    return candidates(library).anyMatch(Candidate.Loadable.class::isInstance);
  }

  /** Its single places; libraries of one place fit each other. */
  default Stream<Source> places() {
    return Stream.of(this);
  }
}
