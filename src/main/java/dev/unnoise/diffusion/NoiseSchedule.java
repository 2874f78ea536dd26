package dev.unnoise.diffusion;

import dev.unnoise.graph.run.NoisingJob;

/**
 * The forward process q of a diffusion model (Ho et al. 2020, section 2): x_t = √ᾱ_t x_0 + √(1-ᾱ_t) ε. Timesteps
 * count from 0, so index t uses β_t and ᾱ_t = α_0 … α_t with α = 1 - β.
 */
public final class NoiseSchedule {
  /** One step to timestep t draws 2³¹ + t. */
  private static final int ONE_STEP_DRAWS = 0x80000000;

  private final double[] betas;
  private final double[] alphasCumprod;

  /**
   * @param betas β_t, each in [0, 1]
   */
  public NoiseSchedule(double[] betas) {
    if (betas.length == 0) {
      throw new SamplerException("a noise schedule needs at least one beta");
    }
    this.betas = betas.clone();
    this.alphasCumprod = new double[betas.length];
    double product = 1;
    for (int t = 0; t < betas.length; t++) {
      if (!(betas[t] >= 0 && betas[t] <= 1)) {
        throw new SamplerException("beta " + betas[t] + " at timestep " + t + " is not within [0, 1]");
      }
      product *= 1 - betas[t];
      alphasCumprod[t] = product;
    }
  }

  /**
   * The same schedule rescaled so that the last timestep is pure noise, ᾱ = 0, and the first keeps its ᾱ (Lin et al.
   * 2024, algorithm 1).
   */
  public NoiseSchedule withZeroTerminalSnr() {
    int last = betas.length - 1;
    double first = Math.sqrt(alphasCumprod[0]);
    double shift = Math.sqrt(alphasCumprod[last]);
    double scale = first / (first - shift);
    double[] rescaled = new double[betas.length];
    double previous = 1;
    for (int t = 0; t < betas.length; t++) {
      double root = (Math.sqrt(alphasCumprod[t]) - shift) * scale;
      double alphaCumprod = root * root;
      rescaled[t] = 1 - alphaCumprod / previous;
      previous = alphaCumprod;
    }
    return new NoiseSchedule(rescaled);
  }

  /** T, the number of timesteps the model was trained with. */
  public int timesteps() {
    return betas.length;
  }

  /** β_t. */
  public double beta(int t) {
    return betas[checked(t)];
  }

  /** ᾱ_t, and 1 for t = -1: the clean image. */
  public double alphaCumprod(int t) {
    return t == -1 ? 1 : alphasCumprod[checked(t)];
  }

  /** x_t from x_0 in closed form: √ᾱ_t x_0 + √(1-ᾱ_t) ε, ε being draw 0 whatever t. */
  public NoisingJob.Level closedForm(int t) {
    double alphaCumprod = alphaCumprod(checked(t));
    return new NoisingJob.Level(Math.sqrt(alphaCumprod), Math.sqrt(1 - alphaCumprod), 0);
  }

  /** x_t from x_{t-1}: √(1-β_t) x_{t-1} + √β_t ε, ε being draw 2³¹ + t. */
  public NoisingJob.Level oneStep(int t) {
    double beta = beta(t);
    return new NoisingJob.Level(Math.sqrt(1 - beta), Math.sqrt(beta), ONE_STEP_DRAWS + t);
  }

  /**
   * The posterior q(x_s | x_t, x_0) of an earlier timestep s &lt; t: normal, with mean {@code ofClean·x_0 +
   * ofSample·x_t} (Ho et al. 2020, equations 6 and 7, for s = t - 1).
   *
   * @param ofClean factor of x_0 in the mean
   * @param ofSample factor of x_t in the mean
   * @param variance β̃, at least 0
   */
  public record Posterior(double ofClean, double ofSample, double variance) {}

  /**
   * The posterior of timestep {@code previous} given x_t and x_0.
   *
   * @param previous in [-1, t); -1 is the clean image
   */
  public Posterior posterior(int t, int previous) {
    if (previous >= t || previous < -1) {
      throw new SamplerException("timestep " + previous + " is not within [-1, " + t + ")");
    }
    double alphaCumprod = alphaCumprod(checked(t));
    double before = alphaCumprod(previous);
    double alpha = alphaCumprod / before;
    double spread = 1 - alphaCumprod;
    return new Posterior(
        Math.sqrt(before) * (1 - alpha) / spread,
        Math.sqrt(alpha) * (1 - before) / spread,
        (1 - before) / spread * (1 - alpha));
  }

  private int checked(int t) {
    if (t < 0 || t >= betas.length) {
      throw new SamplerException("timestep " + t + " is not within [0, " + (betas.length - 1) + "]");
    }
    return t;
  }
}
