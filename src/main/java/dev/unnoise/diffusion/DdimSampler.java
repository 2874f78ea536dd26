package dev.unnoise.diffusion;

import dev.unnoise.graph.run.StepRow;
import dev.unnoise.graph.run.StepTable;
import java.util.ArrayList;
import java.util.List;

/** Implicit sampling (Song et al. 2021, equations 12 and 16). The noise estimate stays as predicted when x_0 is clipped. */
final class DdimSampler implements Sampler {
  private static final int DEFAULT_STEPS = 50;

  @Override
  public String name() {
    return "ddim";
  }

  @Override
  public String schedulerClass() {
    return "DDIMScheduler";
  }

  @Override
  public int defaultSteps(SchedulerConfig config) {
    return Math.min(DEFAULT_STEPS, config.trainTimesteps());
  }

  @Override
  public StepTable table(SchedulerConfig config, int steps, SamplerOptions options) {
    Checks.steps(config, steps);
    double eta = options.eta().orElse(0);
    if (!(eta >= 0 && eta <= 1)) {
      throw new SamplerException("eta " + eta + " is not within [0, 1]");
    }
    NoiseSchedule schedule = config.noiseSchedule();
    int[] timesteps =
        config
            .timestepSpacing()
            .orElse(TimestepSpacing.LEADING)
            .timesteps(config.trainTimesteps(), steps, config.stepsOffset());
    List<StepRow> rows = new ArrayList<>(steps);
    for (int k = 0; k < steps; k++) {
      rows.add(row(config, schedule, k, timesteps[k], timesteps[k] - config.trainTimesteps() / steps, eta));
    }
    return new StepTable(rows, config.clipping(), false, 1);
  }

  private StepRow row(
      SchedulerConfig config, NoiseSchedule schedule, int step, int t, int previous, double eta) {
    double alphaCumprod = schedule.alphaCumprod(t);
    double before = previous >= 0 ? schedule.alphaCumprod(previous) : config.setAlphaToOne() ? 1 : schedule.alphaCumprod(0);
    Estimate estimate = Estimate.at(name(), config.predictionType(), alphaCumprod, t);
    double variance = (1 - before) / (1 - alphaCumprod) * (1 - alphaCumprod / before);
    double deviation = eta * Math.sqrt(Math.max(variance, 0));
    double direction = Math.sqrt(Math.max(1 - before - deviation * deviation, 0));
    return new StepRow(
        t,
        estimate.x0FromSample(),
        estimate.x0FromOutput(),
        direction * estimate.epsilonFromSample(),
        direction * estimate.epsilonFromOutput(),
        Math.sqrt(before),
        0,
        0,
        deviation,
        1 + step,
        -1,
        1,
        false);
  }
}
