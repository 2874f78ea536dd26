package dev.unnoise.backend.host;

import dev.unnoise.graph.run.SamplingJob;
import dev.unnoise.graph.run.StepRow;
import java.util.Arrays;
import java.util.List;

/**
 * The conditioning rows of a run, one for every pair of a table row and a label in use. As many rows of the sampler's
 * table as fit are computed at once, which is usually all of them.
 */
final class ConditioningTable {
  private static final long LARGEST_BYTES = 256L << 20;

  private final Engine engine;
  private final int width;
  private final int[] labels;
  private final List<StepRow> steps;
  private final int stepsAtOnce;
  private float[] rows = {};
  private int firstStep;

  ConditioningTable(Engine engine, SamplingJob job) {
    this.engine = engine;
    this.width = engine.network().conditioningWidth();
    this.labels = job.labelsInUse();
    this.steps = job.table().rows();
    long bytesPerStep = (long) width * labels.length * Float.BYTES;
    this.stepsAtOnce = (int) Math.clamp(LARGEST_BYTES / bytesPerStep, 1, steps.size());
  }

  /** How many steps {@link #fill} computes. */
  int stepsAtOnce() {
    return stepsAtOnce;
  }

  /** Computes the rows of the steps from {@code first} on. */
  void fill(int first) {
    firstStep = first;
    int count = Math.min(stepsAtOnce, steps.size() - first);
    float[] timesteps = new float[count * labels.length];
    float[] rowLabels = new float[timesteps.length];
    for (int i = 0; i < timesteps.length; i++) {
      timesteps[i] = (float) steps.get(first + i / labels.length).timestep();
      rowLabels[i] = labels[i % labels.length];
    }
    if (rows.length != timesteps.length * width) {
      rows = new float[timesteps.length * width];
    }
    engine.condition(timesteps, rowLabels, rows);
  }

  float[] rows() {
    return rows;
  }

  /** Where the row of a step and a label begins in {@link #rows()}. */
  int offset(int step, int label) {
    int slot = Arrays.binarySearch(labels, label);
    return ((step - firstStep) * labels.length + slot) * width;
  }
}
