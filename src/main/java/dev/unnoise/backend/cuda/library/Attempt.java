package dev.unnoise.backend.cuda.library;

import java.nio.file.Path;

/**
 * One place where a library was looked for.
 *
 * @param source who named the place
 * @param place a file, a folder or what the loader was asked for
 */
public record Attempt(Library library, String source, String place, Outcome outcome) {
  /** What a found library came with, for people: the packages in whose folder it is, or else its source. */
  String origin() {
    return Layout.packages(Path.of(place)).map(folder -> PythonSource.NAME + " in " + folder).orElse(source);
  }

  /** One line for people. */
  @Override
  public String toString() {
    return library.title() + ", " + source + ": " + place + ": " + outcome;
  }
}
