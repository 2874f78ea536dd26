package dev.unnoise.diffusion;

/** Which of the T timesteps a sampler with fewer steps visits (Lin et al. 2024, table 2). */
public enum TimestepSpacing implements Keyed {
  /** Multiples of T/steps, from 0 on, plus an offset. */
  LEADING("leading") {
    @Override
    int[] ascending(int trainTimesteps, int steps, int offset) {
      int[] timesteps = new int[steps];
      for (int i = 0; i < steps; i++) {
        timesteps[i] = i * (trainTimesteps / steps) + offset;
      }
      return timesteps;
    }
  },
  /** Multiples of T/steps, counted back from T - 1. */
  TRAILING("trailing") {
    @Override
    int[] ascending(int trainTimesteps, int steps, int offset) {
      int[] timesteps = new int[steps];
      // Rounded as numpy.arange(T, 0, -T/steps) rounds: that decides halves.
      double step = (trainTimesteps - (double) trainTimesteps / steps) - trainTimesteps;
      for (int i = 0; i < steps; i++) {
        timesteps[steps - 1 - i] = (int) Math.rint(trainTimesteps + i * step) - 1;
      }
      return timesteps;
    }
  },
  /** Evenly from 0 to T - 1, both included. */
  LINSPACE("linspace") {
    @Override
    int[] ascending(int trainTimesteps, int steps, int offset) {
      int[] timesteps = new int[steps];
      for (int i = 0; i < steps; i++) {
        timesteps[i] = steps == 1 ? 0 : (int) Math.rint(i * ((trainTimesteps - 1.0) / (steps - 1)));
      }
      return timesteps;
    }
  };

  private final String key;

  TimestepSpacing(String key) {
    this.key = key;
  }

  @Override
  public String key() {
    return key;
  }

  abstract int[] ascending(int trainTimesteps, int steps, int offset);

  /**
   * The timesteps in the order in which sampling visits them, from noise to image.
   *
   * @param steps in [1, trainTimesteps]
   * @param offset added by {@link #LEADING}
   * @throws SamplerException if the offset leads past the last timestep
   */
  public int[] timesteps(int trainTimesteps, int steps, int offset) {
    int[] ascending = ascending(trainTimesteps, steps, offset);
    int[] timesteps = new int[steps];
    for (int i = 0; i < steps; i++) {
      timesteps[i] = ascending[steps - 1 - i];
      if (timesteps[i] < 0 || timesteps[i] >= trainTimesteps) {
        throw new SamplerException(
            "steps_offset " + offset + " with " + steps + " steps leads to timestep " + timesteps[i]
                + ", outside [0, " + (trainTimesteps - 1) + "]");
      }
    }
    return timesteps;
  }
}
