package dev.unnoise.diffusion;

import dev.unnoise.graph.run.StepRow;
import dev.unnoise.graph.run.StepTable;
import java.util.ArrayList;
import java.util.List;

/** Ancestral sampling (Ho et al. 2020, algorithm 2), with every variance of {@link VarianceType}. */
final class DdpmSampler implements Sampler {
  /** Below this the posterior's variance is clamped: its logarithm is taken. */
  private static final double SMALLEST_VARIANCE = 1e-20;

  @Override
  public String name() {
    return "ddpm";
  }

  @Override
  public String schedulerClass() {
    return "DDPMScheduler";
  }

  @Override
  public int defaultSteps(SchedulerConfig config) {
    return config.trainTimesteps();
  }

  @Override
  public StepTable table(SchedulerConfig config, int steps, SamplerOptions options) {
    Checks.steps(config, steps);
    if (options.eta().isPresent()) {
      throw new SamplerException("eta is an option of the sampler ddim, not of ddpm");
    }
    NoiseSchedule schedule = config.noiseSchedule();
    int[] timesteps =
        config
            .timestepSpacing()
            .orElse(TimestepSpacing.LEADING)
            .timesteps(config.trainTimesteps(), steps, config.stepsOffset());
    List<StepRow> rows = new ArrayList<>(steps);
    for (int k = 0; k < steps; k++) {
      int previous = k + 1 < steps ? timesteps[k + 1] : -1;
      rows.add(row(config, schedule, k, timesteps[k], previous));
    }
    return new StepTable(rows, config.clipping(), config.varianceType().isLearned(), 1);
  }

  private StepRow row(SchedulerConfig config, NoiseSchedule schedule, int step, int t, int previous) {
    double alphaCumprod = schedule.alphaCumprod(t);
    Estimate estimate = Estimate.at(name(), config.predictionType(), alphaCumprod, t);
    NoiseSchedule.Posterior posterior = schedule.posterior(t, previous);
    double small = Math.max(posterior.variance(), SMALLEST_VARIANCE);
    double large = 1 - alphaCumprod / schedule.alphaCumprod(previous);
    double noise =
        switch (config.varianceType()) {
          case FIXED_SMALL, FIXED_SMALL_LOG -> Math.sqrt(small);
          case FIXED_LARGE, FIXED_LARGE_LOG -> Math.sqrt(large);
          case LEARNED, LEARNED_RANGE -> 1;
        };
    boolean range = config.varianceType() == VarianceType.LEARNED_RANGE;
    return new StepRow(
        t,
        estimate.x0FromSample(),
        estimate.x0FromOutput(),
        posterior.ofSample(),
        0,
        posterior.ofClean(),
        0,
        0,
        t > 0 ? noise : 0,
        1 + step,
        range ? Math.log(small) : -1,
        range ? Math.log(large) : 1,
        false);
  }
}
