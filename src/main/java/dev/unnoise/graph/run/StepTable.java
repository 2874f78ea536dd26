package dev.unnoise.graph.run;

import java.util.List;

/**
 * A sampler as data: one row per network evaluation, in order. Another sampler, step count or seed is another table
 * for the same program.
 *
 * @param rows at least one
 * @param clipping of every estimate of x_0
 * @param learnedVariance whether the second half of the network's output channels holds v of {@link StepRow}
 * @param initialScale the standard deviation of x_T in variance-preserving coordinates
 */
public record StepTable(List<StepRow> rows, Clipping clipping, boolean learnedVariance, double initialScale) {
  public StepTable {
    rows = List.copyOf(rows);
    if (rows.isEmpty()) {
      throw new IllegalArgumentException("a table of steps needs at least one row");
    }
  }

  /** Whether some row reads an earlier estimate. */
  public boolean readsHistory() {
    return rows.stream().anyMatch(row -> row.history1() != 0 || row.history2() != 0);
  }
}
