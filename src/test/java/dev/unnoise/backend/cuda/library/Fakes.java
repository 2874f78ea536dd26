package dev.unnoise.backend.cuda.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Surroundings made for a test. */
final class Fakes {
  private static final ClassLoader EMPTY = new ClassLoader(null) {};

  private Fakes() {}

  /** Makes empty files, and the folders they are in. */
  static void files(Path folder, String... names) throws IOException {
    for (String name : names) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.createFile(file);
    }
  }

  static Surroundings nothing() {
    return new Surroundings(Map.of(), Map.of(), noPython(), EMPTY);
  }

  static Surroundings properties(String name, Path... folders) {
    return new Surroundings(Map.of(name, joined(folders)), Map.of(), noPython(), EMPTY);
  }

  static Surroundings variables(String name, Path... folders) {
    return new Surroundings(Map.of(), Map.of(name, joined(folders)), noPython(), EMPTY);
  }

  static Surroundings python(Path... folders) {
    return new Surroundings(Map.of(), Map.of(), () -> new PythonPath(List.of(folders), ""), EMPTY);
  }

  static Surroundings classPath(ClassLoader classPath) {
    return new Surroundings(Map.of(), Map.of(), noPython(), classPath);
  }

  static Supplier<PythonPath> noPython() {
    return () -> new PythonPath(List.of(), "there is no python3");
  }

  private static String joined(Path... folders) {
    return String.join(":", Stream.of(folders).map(Path::toString).toList());
  }

  /** Where a library is looked for if there is no place that has all of them, in order. */
  static List<Source> sources(Surroundings surroundings, Library library) {
    LibrarySearch search = new LibrarySearch(surroundings);
    return Stream.of(search.named(library), search.unnamed(library)).flatMap(List::stream).toList();
  }

  /** What a library is said to be when it is opened. */
  interface Answer {
    Outcome to(Library library, Candidate.Loadable candidate, Optional<Version> driver);
  }

  /** A probe that gives answers; what it finds can be loaded. */
  static Probe probe(Answer answer) {
    return (library, candidate, driver) -> new Answered(answer.to(library, candidate, driver));
  }

  private record Answered(Outcome outcome) implements Probe.Trial {
    @Override
    public Outcome load() {
      return outcome;
    }

    @Override
    public void close() {
      // Nothing was opened.
    }
  }

  /** What could be loaded, in order, each as its source and place. */
  static List<String> loadable(Surroundings surroundings, Library library) {
    return sources(surroundings, library).stream()
            .flatMap(
                source ->
                    source
                        .candidates(library)
                        .filter(Candidate.Loadable.class::isInstance)
                        .map(candidate -> source.name() + " " + candidate.place()))
            .toList();
  }

  /** What could not be loaded, in order, each as its source, place and reason. */
  static List<String> unusable(Surroundings surroundings, Library library) {
    return sources(surroundings, library).stream()
            .flatMap(
                source ->
                    source
                        .candidates(library)
                        .filter(Candidate.Unusable.class::isInstance)
                        .map(Candidate.Unusable.class::cast)
                        .map(candidate -> source.name() + " " + candidate.place() + ": " + candidate.outcome()))
            .toList();
  }
}
