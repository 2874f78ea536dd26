package dev.unnoise.backend.cuda.library;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What a source has of a library: something to load, or the reason why there is nothing. */
sealed interface Candidate {

  /** Where it is, or would have been. */
  String place();

  /**
   * Something that may be the library.
   *
   * @param companions what has to be opened before it
   * @param library a path, or a soname for the loader to find
   */
  record Loadable(List<String> companions, String library) implements Candidate {
    public Loadable {
      companions = List.copyOf(companions);
    }

    /** Whether it is for the loader to find. */
    boolean isNamed() {
      return library.indexOf('/') < 0;
    }

    /** Everything to open, itself last. */
    List<String> inOrder() {
      return Stream.concat(companions.stream(), Stream.of(library)).toList();
    }

    @Override
    public String place() {
      return library;
    }
  }

  /** Nothing that could be loaded. */
  record Unusable(String place, Outcome outcome) implements Candidate {
    /** The reason alone. */
    String why() {
      return switch (outcome) {
        case Outcome.Refused(String why) -> why;
        case Outcome.Absent(String why) -> why;
        case Outcome.Found _, Outcome.PassedOver _ -> throw new IllegalStateException(place + " is there");
      };
    }
  }

  /** A file that exists, with the files it needs beside it. */
  static Candidate of(Library library, String soname, Path file) {
    if (library.companion(soname).isEmpty()) {
      return new Loadable(List.of(), file.toString());
    }
    String needed = library.companion(soname).get();
    try (Stream<Path> beside = Files.list(file.getParent())) {
      List<String> companions =
          beside.filter(other -> other.getFileName().toString().matches(needed)).map(Path::toString).sorted().toList();
      return companions.isEmpty()
          ? new Unusable(file.toString(), new Outcome.Refused("its part " + readable(needed) + " is not beside it"))
          : new Loadable(companions, file.toString());
    } catch (IOException e) {
      return new Unusable(file.toString(), new Outcome.Refused("its folder cannot be listed: " + e));
    }
  }

  /** By its name alone: where it is, and so what is beside it, only the loader knows. */
  static Candidate named(String soname) {
    return new Loadable(List.of(), soname);
  }

  /** What the loader has found by a name: beside it, or beside what it is a link to, are the files it needs. */
  static Candidate found(Library library, String soname, Path file) {
    Candidate beside = of(library, soname, file);
    if (beside instanceof Unusable) {
      try {
        Candidate besideReal = of(library, soname, file.toRealPath());
        return besideReal instanceof Loadable ? besideReal : beside;
      } catch (IOException e) {
        return beside;
      }
    }
    return beside;
  }

  static Candidate absent(String place, String why) {
    return new Unusable(place, new Outcome.Absent(why));
  }

  private static String readable(String pattern) {
    return pattern.replace("\\d+", "*").replace("\\", "");
  }
}
