package dev.unnoise.graph.run;

/** What happens to the estimate of x_0 before it is used. */
public sealed interface Clipping {

  /** Nothing. */
  record None() implements Clipping {}

  /**
   * x_0 is clamped to ±range.
   *
   * @param range above 0
   */
  record Range(double range) implements Clipping {}

  /**
   * Dynamic thresholding (Saharia et al. 2022, section 2.3): with s the quantile of |x_0| over one image, clamped to
   * [1, maximum], x_0 becomes clamp(x_0, -s, s) / s.
   *
   * @param ratio the quantile, in [0, 1]; between order statistics it is interpolated linearly
   * @param maximum upper bound of s; below 1 it wins over the lower bound, as in PyTorch's clamp
   */
  record Dynamic(double ratio, double maximum) implements Clipping {
    public Dynamic {
      if (!(ratio >= 0 && ratio <= 1)) {
        throw new IllegalArgumentException("dynamic thresholding ratio " + ratio + " is not within [0, 1]");
      }
    }
  }
}
