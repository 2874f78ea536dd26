package dev.unnoise.backend.cuda.library;

/**
 * One place where a library was looked for.
 *
 * @param source who named the place
 * @param place a file, a folder or what the loader was asked for
 */
public record Attempt(Library library, String source, String place, Outcome outcome) {
  /** One line for people. */
  @Override
  public String toString() {
    return library.title() + ", " + source + ": " + place + ": " + outcome;
  }
}
