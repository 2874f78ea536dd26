package dev.unnoise.backend.cuda.library;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * Loads each library at most once, and keeps a log of it. What somebody named comes first, library by library. Of the
 * others not every version works with every other, so the first place that has all of them is preferred to earlier
 * places that have some. If there is no such place, each is taken from the first source that has one that works.
 */
final class LibraryLoader {
  private final LibrarySearch search;
  private final Probe probe;
  private final Predicate<Library> leftOut;
  private final Map<Library, Optional<Outcome.Found>> results = new EnumMap<>(Library.class);
  private final Map<Library, Optional<Outcome.Found>> named = new EnumMap<>(Library.class);
  private final List<Attempt> attempts = new ArrayList<>();

  /** Null before it is looked for, empty if no place has one. */
  private Optional<WholeSet> set;

  /** A candidate that works. */
  private record Usable(Library library, Source source, Candidate candidate, Probe.Trial trial, Outcome.Found found) {}

  /**
   * All libraries that nobody named, in one place.
   *
   * @param opened to be loaded when they are asked for
   */
  private record WholeSet(Source place, Map<Library, Usable> opened) {}

  /**
   * Looks for nothing yet.
   *
   * @param leftOut what need not be there for a place to have all libraries
   */
  LibraryLoader(LibrarySearch search, Probe probe, Predicate<Library> leftOut) {
    this.search = search;
    this.probe = probe;
    this.leftOut = leftOut;
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
    Optional<Outcome.Found> found =
        named(library).or(() -> ofWholeSet(library)).or(() -> first(library, search.unnamed(library)));
    results.put(library, found);
    return found;
  }

  private Optional<Outcome.Found> named(Library library) {
    return named.computeIfAbsent(library, _ -> first(library, search.named(library)));
  }

  private Optional<Outcome.Found> first(Library library, List<Source> sources) {
    for (Source source : sources) {
      Optional<Usable> loaded = first(library, source, Probe.Trial::load);
      if (loaded.isPresent()) {
        log(library, source, loaded.get().candidate(), loaded.get().found());
        return loaded.map(Usable::found);
      }
    }
    return Optional.empty();
  }

  /**
   * The first candidate of a source with which all goes well; what has gone wrong before is not tried again.
   *
   * @param step how far to go with each
   */
  private Optional<Usable> first(Library library, Source source, Function<Probe.Trial, Outcome> step) {
    for (Iterator<Candidate> candidates = source.candidates(library).iterator(); candidates.hasNext(); ) {
      Candidate candidate = candidates.next();
      if (isKnown(library, source, candidate)) {
        continue;
      }
      switch (candidate) {
        case Candidate.Loadable loadable -> {
          Probe.Trial trial = probe.open(library, loadable, driver(library));
          Outcome outcome = step.apply(trial);
          if (outcome instanceof Outcome.Found found) {
            return Optional.of(new Usable(library, source, candidate, trial, found));
          }
          log(library, source, candidate, outcome);
        }
        case Candidate.Unusable unusable -> log(library, source, candidate, unusable.outcome());
      }
    }
    return Optional.empty();
  }

  private Optional<Version> driver(Library library) {
    return library == Library.DRIVER ? Optional.empty() : load(Library.DRIVER).map(Outcome.Found::version);
  }

  private boolean isKnown(Library library, Source source, Candidate candidate) {
    return attempts.stream()
        .anyMatch(
            attempt ->
                attempt.library() == library
                    && attempt.source().equals(source.name())
                    && attempt.place().equals(candidate.place())
                    && !(attempt.outcome() instanceof Outcome.PassedOver));
  }

  private void log(Library library, Source source, Candidate candidate, Outcome outcome) {
    String place =
        switch (outcome) {
          case Outcome.Found found -> found.file().toString();
          case Outcome.PassedOver passed -> passed.file().toString();
          case Outcome.Refused _, Outcome.Absent _ -> candidate.place();
        };
    attempts.add(new Attempt(library, source.name(), place, outcome));
  }

  /** The library from the place that has all of them, if there is one. */
  private Optional<Outcome.Found> ofWholeSet(Library library) {
    if (!library.isRedistributed()) {
      return Optional.empty();
    }
    if (set == null) {
      set = wholeSet();
    }
    if (set.isEmpty()) {
      return Optional.empty();
    }
    Usable opened = set.get().opened().get(library);
    if (opened == null) {
      return first(library, List.of(set.get().place()));
    }
    Outcome outcome = opened.trial().load();
    log(library, opened.source(), opened.candidate(), outcome);
    return outcome instanceof Outcome.Found found ? Optional.of(found) : Optional.empty();
  }

  private Optional<WholeSet> wholeSet() {
    List<Library> wanted =
        Stream.of(Library.values())
            .filter(library -> library.isRedistributed() && !leftOut.test(library) && !isNamed(library))
            .toList();
    if (wanted.isEmpty()) {
      return Optional.empty();
    }
    Map<Usable, Library> passedOver = new LinkedHashMap<>();
    for (Iterator<Source> places = search.places().iterator(); places.hasNext(); ) {
      WholeSet some = new WholeSet(places.next(), new EnumMap<>(Library.class));
      Optional<Library> lacking = open(wanted, some);
      if (lacking.isEmpty()) {
        passedOver.forEach(this::logPassedOver);
        return Optional.of(some);
      }
      for (Usable opened : some.opened().values()) {
        passedOver.put(opened, lacking.get());
        opened.trial().close();
      }
    }
    return Optional.empty();
  }

  private void logPassedOver(Usable opened, Library lacking) {
    Outcome.Found found = opened.found();
    Outcome outcome = new Outcome.PassedOver(found.file(), found.version(), lacking);
    log(opened.library(), opened.source(), opened.candidate(), outcome);
  }

  /** Whether it is where somebody said or beside what somebody named; cuDNN's turn has not come, its file is enough. */
  private boolean isNamed(Library library) {
    return library == Library.CUDNN
        ? search.named(library).stream().anyMatch(source -> source.has(library))
        : named(library).isPresent();
  }

  /** Opens libraries in one place; gives the first that is not there or cannot be used. */
  private Optional<Library> open(List<Library> wanted, WholeSet into) {
    // Absent files are known before anything is opened. cuDNN comes last: once asked for its version, it stays open.
    Optional<Library> absent = wanted.stream().filter(library -> !into.place().has(library)).findFirst();
    for (Library library : absent.map(List::of).orElse(wanted)) {
      Optional<Usable> opened = first(library, into.place(), Probe.Trial::outcome);
      if (opened.isEmpty()) {
        return Optional.of(library);
      }
      into.opened().put(library, opened.get());
    }
    return Optional.empty();
  }

  /** All that has been tried so far, in order. */
  synchronized List<Attempt> attempts() {
    return List.copyOf(attempts);
  }
}
