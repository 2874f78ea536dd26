package dev.unnoise.backend.cuda.library;

import java.util.stream.Stream;

/** The dynamic loader's own path: what {@code LD_LIBRARY_PATH} and {@code ldconfig} say. */
record LoaderSource() implements Source {
  @Override
  public String name() {
    return "loader's path";
  }

  @Override
  public Stream<Candidate> candidates(Library library) {
    return library.sonames().stream().map(Candidate::named);
  }
}
