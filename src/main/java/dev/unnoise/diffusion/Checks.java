package dev.unnoise.diffusion;

/** What every sampler asks of its arguments. */
final class Checks {
  private Checks() {}

  static void steps(SchedulerConfig config, int steps) {
    if (steps < 1 || steps > config.trainTimesteps()) {
      throw new SamplerException(
          "steps " + steps + " is not within [1, " + config.trainTimesteps()
              + "], the timesteps the model was trained with");
    }
  }
}
