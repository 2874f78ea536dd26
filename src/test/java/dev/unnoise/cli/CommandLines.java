package dev.unnoise.cli;

/** Commands for tests of other packages, in the process of the test. */
public final class CommandLines {
  private CommandLines() {}

  /** The command's exit status. */
  public static int run(String... line) {
    return Main.run(line);
  }
}
