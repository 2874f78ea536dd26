package dev.unnoise.diffusion;

import java.util.function.DoubleUnaryOperator;

/** How β_t runs from the first timestep to the last. */
public enum BetaSchedule implements Keyed {
  /** Linear from start to end (Ho et al. 2020). */
  LINEAR("linear") {
    @Override
    public double[] betas(int timesteps, double start, double end) {
      return spaced(timesteps, start, end, beta -> beta);
    }
  },
  /** Linear in √β (Rombach et al. 2022). */
  SCALED_LINEAR("scaled_linear") {
    @Override
    public double[] betas(int timesteps, double start, double end) {
      return spaced(timesteps, Math.sqrt(start), Math.sqrt(end), root -> root * root);
    }
  },
  /** From ᾱ(t) = cos²((t + 0.008)/1.008 · π/2), capped at 0.999 (Nichol and Dhariwal 2021, equation 17). */
  SQUAREDCOS_CAP_V2("squaredcos_cap_v2") {
    @Override
    public double[] betas(int timesteps, double start, double end) {
      return fromAlphaBar(timesteps, t -> square(Math.cos((t + 0.008) / 1.008 * Math.PI / 2)));
    }
  },
  /** From log-SNR values of a Laplace distribution, capped at 0.999 (Hang et al. 2024). */
  LAPLACE("laplace") {
    @Override
    public double[] betas(int timesteps, double start, double end) {
      return fromAlphaBar(
          timesteps,
          t -> {
            double lambda =
                -0.5 * Math.copySign(1, 0.5 - t) * Math.log(1 - 2 * Math.abs(0.5 - t) + 1e-6);
            double snr = Math.exp(lambda);
            return Math.sqrt(snr / (1 + snr));
          });
    }
  },
  /** A logistic curve from start to end over [-6, 6] (GeoDiff, Xu et al. 2022). */
  SIGMOID("sigmoid") {
    @Override
    public double[] betas(int timesteps, double start, double end) {
      return spaced(timesteps, -6, 6, at -> (end - start) / (1 + Math.exp(-at)) + start);
    }
  };

  private static final double LARGEST_BETA = 0.999;

  private final String key;

  BetaSchedule(String key) {
    this.key = key;
  }

  @Override
  public String key() {
    return key;
  }

  /**
   * β_0 … β_{timesteps-1}.
   *
   * @param start β_0, where the schedule has a choice
   * @param end the last β, where the schedule has a choice
   */
  public abstract double[] betas(int timesteps, double start, double end);

  private static double[] spaced(int count, double from, double to, DoubleUnaryOperator map) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      double fraction = count == 1 ? 0 : (double) i / (count - 1);
      values[i] = map.applyAsDouble(from + fraction * (to - from));
    }
    return values;
  }

  private static double[] fromAlphaBar(int count, DoubleUnaryOperator alphaBar) {
    double[] values = new double[count];
    for (int i = 0; i < count; i++) {
      double before = alphaBar.applyAsDouble((double) i / count);
      double after = alphaBar.applyAsDouble((double) (i + 1) / count);
      values[i] = Math.min(1 - after / before, LARGEST_BETA);
    }
    return values;
  }

  private static double square(double x) {
    return x * x;
  }
}
