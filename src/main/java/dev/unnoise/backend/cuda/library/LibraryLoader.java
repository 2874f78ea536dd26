package dev.unnoise.backend.cuda.library;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Loads each library at most once, from the first source that has one that works, and keeps a log of it. */
final class LibraryLoader {
  private final LibrarySearch search;
  private final Probe probe;
  private final Map<Library, Optional<Outcome.Found>> results = new EnumMap<>(Library.class);
  private final List<Attempt> attempts = new ArrayList<>();

  LibraryLoader(LibrarySearch search, Probe probe) {
    this.search = search;
    this.probe = probe;
  }

  /** The library, looked for now unless it has been before; empty if there is none that can be used. */
  synchronized Optional<Outcome.Found> load(Library library) {
    Optional<Outcome.Found> known = results.get(library);
    if (known != null) {
      return known;
    }
    // What a library is given by soname has to be loaded before it, and what it is for decides what fits it.
    for (Library earlier : Library.values()) {
      if (earlier.compareTo(library) < 0) {
        load(earlier);
      }
    }
    Optional<Outcome.Found> found = find(library);
    results.put(library, found);
    return found;
  }

  private Optional<Outcome.Found> find(Library library) {
    Optional<Version> driver =
        library == Library.DRIVER ? Optional.empty() : load(Library.DRIVER).map(Outcome.Found::version);
    for (Source source : search.sources(library)) {
      for (Iterator<Candidate> candidates = source.candidates(library).iterator(); candidates.hasNext(); ) {
        Candidate candidate = candidates.next();
        Outcome outcome =
            switch (candidate) {
              case Candidate.Loadable loadable -> probe.load(library, loadable, driver);
              case Candidate.Unusable unusable -> unusable.outcome();
            };
        String place = outcome instanceof Outcome.Found found ? found.file().toString() : candidate.place();
        attempts.add(new Attempt(library, source.name(), place, outcome));
        if (outcome instanceof Outcome.Found found) {
          return Optional.of(found);
        }
      }
    }
    return Optional.empty();
  }

  /** All that has been tried so far, in order. */
  synchronized List<Attempt> attempts() {
    return List.copyOf(attempts);
  }
}
