package dev.unnoise.backend.host;

import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.SamplingJob;
import dev.unnoise.graph.run.StepRow;
import java.util.Optional;

/** A few images on their way through some steps, side by side on one evaluator. */
final class GroupRun {
  private final SamplingJob job;
  private final ConditioningTable table;
  private final ImageState[] states;
  private final int first;
  private final int count;
  private final Evaluation[] evaluations;
  private final ReverseStep reverseStep;

  /**
   * @param states of the job's images
   * @param first image of the group
   */
  GroupRun(
      SamplingJob job, ConditioningTable table, ImageState[] states, int first, int count, Shape sample, int outputElements) {
    this.job = job;
    this.table = table;
    this.states = states;
    this.first = first;
    this.count = count;
    this.reverseStep = new ReverseStep(job, Math.toIntExact(sample.elements()));
    this.evaluations = new Evaluation[job.guidance().isPresent() ? 2 * count : count];
    for (int i = 0; i < evaluations.length; i++) {
      evaluations[i] = new Evaluation(states[first + i % count].x(), new float[outputElements]);
    }
  }

  /** Takes one step with every image of the group. */
  void step(Evaluator evaluator, int step) {
    begin(step);
    evaluator.evaluate(evaluations, evaluations.length);
    reverse(step);
  }

  /** How many evaluations a step makes. */
  int evaluations() {
    return evaluations.length;
  }

  private void begin(int step) {
    StepRow row = job.table().rows().get(step);
    Optional<Guidance> guidance = job.guidance();
    for (int i = 0; i < count; i++) {
      int label = job.labels().length == 0 ? 0 : job.labels()[first + i];
      evaluations[i].set((float) row.timestep(), table.rows(), table.offset(step, label));
      if (guidance.isPresent()) {
        int offset = table.offset(step, guidance.get().nullLabel());
        evaluations[count + i].set((float) row.timestep(), table.rows(), offset);
      }
    }
  }

  /** Advances every image by what has been evaluated. */
  void reverse(int step) {
    StepRow row = job.table().rows().get(step);
    boolean guided = job.guidance().isPresent();
    for (int i = 0; i < count; i++) {
      float[] unlabelled = guided ? evaluations[count + i].output() : null;
      reverseStep.apply(row, states[first + i], job.indices()[first + i], evaluations[i].output(), unlabelled);
    }
  }
}
