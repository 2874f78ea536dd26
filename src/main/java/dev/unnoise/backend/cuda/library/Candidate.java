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
  record Unusable(String place, Outcome outcome) implements Candidate {}

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

  /** By its name alone; what the loader finds, it finds with its parts. */
  static Candidate named(Library library, String soname) {
    List<String> companions =
        library == Library.CUDNN ? List.of(soname.replace("libcudnn.", "libcudnn_graph.")) : List.of();
    return new Loadable(companions, soname);
  }

  static Candidate absent(String place, String why) {
    return new Unusable(place, new Outcome.Absent(why));
  }

  private static String readable(String pattern) {
    return pattern.replace("\\d+", "*").replace("\\", "");
  }
}
