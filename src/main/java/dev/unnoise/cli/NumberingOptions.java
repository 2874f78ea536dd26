package dev.unnoise.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** What random numbers depend on: options of every command that draws some. */
final class NumberingOptions {
  @Option(names = "--seed", paramLabel = "N", defaultValue = "0", description = "Seed (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--first-index",
      paramLabel = "K",
      defaultValue = "0",
      description = "Index of the first image (default: ${DEFAULT-VALUE}).")
  private long firstIndex;

  /**
   * Refuses values out of range in the name of a command.
   *
   * @param count images to be numbered from the first index on
   */
  void check(CommandSpec command, long count) {
    if (firstIndex < 0 || firstIndex > Long.MAX_VALUE - count) {
      throw new ParameterException(
          command.commandLine(),
          "--first-index " + firstIndex + " is not within [0, " + (Long.MAX_VALUE - count) + "]");
    }
  }

  long seed() {
    return seed;
  }

  long firstIndex() {
    return firstIndex;
  }
}
