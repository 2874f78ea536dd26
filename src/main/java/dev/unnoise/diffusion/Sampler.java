package dev.unnoise.diffusion;

import dev.unnoise.graph.run.StepTable;

/** A way from noise to images, written as a table of steps. */
public interface Sampler {

  /** The name on the command line. */
  String name();

  /** diffusers' class that does the same. */
  String schedulerClass();

  /** How many steps it takes unless told otherwise. */
  int defaultSteps(SchedulerConfig config);

  /**
   * The table.
   *
   * @param steps in [1, T]
   * @throws SamplerException if steps, options and configuration do not go together
   */
  StepTable table(SchedulerConfig config, int steps, SamplerOptions options);
}
