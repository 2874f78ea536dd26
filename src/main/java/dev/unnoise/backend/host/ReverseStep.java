package dev.unnoise.backend.host;

import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.Philox;
import dev.unnoise.graph.run.SamplingJob;
import dev.unnoise.graph.run.StepRow;
import java.util.Arrays;

/** The reverse step of {@link StepRow} on one image, in single precision. Holds scratch, so one thread at a time. */
final class ReverseStep {
  private final SamplingJob job;
  private final float[] guided;
  private final float[] estimate;
  private final float[] noise;
  private final float[] sorted;

  /**
   * @param elements of one image
   */
  ReverseStep(SamplingJob job, int elements) {
    this.job = job;
    this.guided = job.guidance().isPresent() ? new float[elements] : null;
    this.estimate = new float[elements];
    this.noise = new float[elements];
    this.sorted = job.table().clipping() instanceof Clipping.Dynamic ? new float[elements] : null;
  }

  /**
   * Advances one image.
   *
   * @param state of the image
   * @param index the image's absolute index
   * @param labelled the network's output for the image's label
   * @param unlabelled the network's output for the null label, read under guidance only
   */
  void apply(StepRow row, ImageState state, long index, float[] labelled, float[] unlabelled) {
    float[] output = job.guidance().map(g -> guide(g, labelled, unlabelled)).orElse(labelled);
    float[] x = state.x();
    estimate(row, x, output);
    clip();
    if (row.noise() != 0) {
      Philox.normals(job.seed(), index, row.draw(), noise, x.length);
    }
    float[] h1 = state.history1();
    float[] h2 = state.history2();
    float ofSample = (float) row.sample();
    float ofOutput = (float) row.output();
    float ofEstimate = (float) row.x0();
    float ofHistory1 = (float) row.history1();
    float ofHistory2 = (float) row.history2();
    for (int i = 0; i < x.length; i++) {
      float next = ofSample * x[i] + ofOutput * output[i] + ofEstimate * estimate[i];
      if (ofHistory1 != 0) {
        next += ofHistory1 * h1[i];
      }
      if (ofHistory2 != 0) {
        next += ofHistory2 * h2[i];
      }
      if (row.noise() != 0) {
        next += deviation(row, labelled, i) * noise[i];
      }
      x[i] = next;
    }
    if (row.remember()) {
      state.remember(estimate);
    }
  }

  private float[] guide(Guidance guidance, float[] labelled, float[] unlabelled) {
    float scale = (float) guidance.scale();
    for (int i = 0; i < guided.length; i++) {
      guided[i] = unlabelled[i] + scale * (labelled[i] - unlabelled[i]);
    }
    return guided;
  }

  private void estimate(StepRow row, float[] x, float[] output) {
    float ofSample = (float) row.x0FromSample();
    float ofOutput = (float) row.x0FromOutput();
    for (int i = 0; i < x.length; i++) {
      estimate[i] = ofSample * x[i] + ofOutput * output[i];
    }
  }

  private void clip() {
    switch (job.table().clipping()) {
      case Clipping.None none -> {}
      case Clipping.Range range -> {
        float limit = (float) range.range();
        for (int i = 0; i < estimate.length; i++) {
          estimate[i] = Math.clamp(estimate[i], -limit, limit);
        }
      }
      case Clipping.Dynamic dynamic -> {
        float scale = (float) threshold(dynamic);
        for (int i = 0; i < estimate.length; i++) {
          estimate[i] = Math.max(-scale, Math.min(scale, estimate[i])) / scale;
        }
      }
    }
  }

  private double threshold(Clipping.Dynamic dynamic) {
    for (int i = 0; i < estimate.length; i++) {
      sorted[i] = Math.abs(estimate[i]);
    }
    Arrays.sort(sorted);
    double rank = dynamic.ratio() * (sorted.length - 1);
    int below = (int) rank;
    int above = Math.min(below + 1, sorted.length - 1);
    double quantile = sorted[below] + (rank - below) * ((double) sorted[above] - sorted[below]);
    return Math.min(Math.max(quantile, 1), dynamic.maximum());
  }

  private float deviation(StepRow row, float[] output, int i) {
    if (!job.table().learnedVariance()) {
      return (float) row.noise();
    }
    double v = output[estimate.length + i];
    double fraction = (v + 1) / 2;
    double logVariance = row.lowLogVariance() + fraction * (row.highLogVariance() - row.lowLogVariance());
    return (float) (row.noise() * Math.exp(0.5 * logVariance));
  }
}
