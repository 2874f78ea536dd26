package dev.unnoise.graph;

/** A function applied to every element. */
public enum Activation {
  IDENTITY {
    @Override
    public double apply(double x) {
      return x;
    }
  },
  /** x · sigmoid(x), also called swish. */
  SILU {
    @Override
    public double apply(double x) {
      return x / (1 + Math.exp(-x));
    }
  },
  /** x · tanh(softplus(x)). */
  MISH {
    @Override
    public double apply(double x) {
      return x * Math.tanh(x > 20 ? x : Math.log1p(Math.exp(x)));
    }
  },
  /** x · Φ(x), with the exact normal distribution function. */
  GELU {
    @Override
    public double apply(double x) {
      return 0.5 * x * (1 + ErrorFunction.erf(x / Math.sqrt(2)));
    }
  },
  RELU {
    @Override
    public double apply(double x) {
      return Math.max(0, x);
    }
  };

  /** The function's value at {@code x}, in double precision: what every backend approximates. */
  public abstract double apply(double x);
}
