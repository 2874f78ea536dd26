package dev.unnoise.graph;

/** The Gauss error function, which the JDK lacks. */
final class ErrorFunction {
  private static final double SERIES_LIMIT = 2.5;
  private static final int FRACTION_DEPTH = 60;

  private ErrorFunction() {}

  /** erf(x), to about 1e-14: the Maclaurin series near zero, Laplace's continued fraction of erfc beyond. */
  static double erf(double x) {
    double a = Math.abs(x);
    double value = a < SERIES_LIMIT ? series(a) : 1 - complement(a);
    return Math.copySign(value, x);
  }

  private static double series(double x) {
    double term = x;
    double sum = x;
    for (int n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= -x * x / n;
      sum += term / (2 * n + 1);
    }
    return 2 / Math.sqrt(Math.PI) * sum;
  }

  private static double complement(double x) {
    double fraction = 0;
    for (int k = FRACTION_DEPTH; k >= 1; k--) {
      fraction = k / 2.0 / (x + fraction);
    }
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
  }
}
