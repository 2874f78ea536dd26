package dev.unnoise.backend.gpu.network;

import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.SamplingJob;

/**
 * What steps have launched: of a program, jobs differ in nothing else. Fewer evaluations launch nothing that more do not.
 *
 * @param evaluations at once, the most
 * @param thresholds whether any were dynamic
 */
record Launched(int evaluations, boolean thresholds) {
  static final Launched NOTHING = new Launched(0, false);

  static Launched by(SamplingJob job) {
    return new Launched(job.evaluationsPerStep(), job.table().clipping() instanceof Clipping.Dynamic);
  }

  boolean covers(Launched other) {
    return evaluations >= other.evaluations && (thresholds || !other.thresholds);
  }

  Launched and(Launched other) {
    return new Launched(Math.max(evaluations, other.evaluations), thresholds || other.thresholds);
  }
}
