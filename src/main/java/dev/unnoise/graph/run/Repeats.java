package dev.unnoise.graph.run;

/**
 * How often a launch is repeated to measure it.
 *
 * @param warm launches that are not counted, at least 0
 * @param counted launches whose mean counts, at least 1
 */
public record Repeats(int warm, int counted) {
  /** For a rough idea. */
  public static final Repeats ONCE = new Repeats(0, 1);

  /** For a table that is kept. */
  public static final Repeats MEAN = new Repeats(3, 20);

  public Repeats {
    if (warm < 0 || counted < 1) {
      throw new IllegalArgumentException(
          warm + " warm and " + counted + " counted launches, expected at least 0 and at least 1");
    }
  }
}
