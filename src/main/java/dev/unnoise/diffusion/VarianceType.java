package dev.unnoise.diffusion;

/** The variance of DDPM's reverse step. */
public enum VarianceType implements Keyed {
  /** β̃_t, the posterior's variance. */
  FIXED_SMALL("fixed_small"),
  /** The same as {@link #FIXED_SMALL}; diffusers computes it through its logarithm. */
  FIXED_SMALL_LOG("fixed_small_log"),
  /** β_t of the step taken. */
  FIXED_LARGE("fixed_large"),
  /** The same as {@link #FIXED_LARGE}. */
  FIXED_LARGE_LOG("fixed_large_log"),
  /** exp(v), v being the second half of the network's channels. */
  LEARNED("learned"),
  /** Between the small (v = -1) and the large one (v = 1), linear in the logarithm (Nichol and Dhariwal 2021). */
  LEARNED_RANGE("learned_range");

  private final String key;

  VarianceType(String key) {
    this.key = key;
  }

  @Override
  public String key() {
    return key;
  }

  /** Whether the network predicts it, in a second half of its output channels. */
  public boolean isLearned() {
    return this == LEARNED || this == LEARNED_RANGE;
  }
}
