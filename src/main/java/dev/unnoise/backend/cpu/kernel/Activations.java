package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.graph.Activation;

/** Activations of arrays, in loops that the JIT compiler turns into vector code. */
final class Activations {
  /** Beyond this tanh is ±1 in single precision. */
  private static final float LIMIT = 9f;

  private Activations() {}

  /** values = f(values · factor + term), element by element. */
  static void affine(Activation activation, float[] values, float[] factor, float[] term, int length) {
    if (activation == Activation.SILU) {
      for (int i = 0; i < length; i++) {
        values[i] = silu(Math.fma(values[i], factor[i], term[i]));
      }
      return;
    }
    for (int i = 0; i < length; i++) {
      values[i] = Math.fma(values[i], factor[i], term[i]);
    }
    apply(activation, values, length);
  }

  /** values = f(values), element by element. */
  static void apply(Activation activation, float[] values, int length) {
    switch (activation) {
      case IDENTITY -> {}
      case SILU -> {
        for (int i = 0; i < length; i++) {
          values[i] = silu(values[i]);
        }
      }
      case RELU -> {
        for (int i = 0; i < length; i++) {
          values[i] = Math.max(0, values[i]);
        }
      }
      case MISH, GELU -> {
        for (int i = 0; i < length; i++) {
          values[i] = (float) activation.apply(values[i]);
        }
      }
    }
  }

  /** x · sigmoid(x) = h + h · tanh h with h = x/2: an exponential would keep loops from being vectorised. */
  private static float silu(float x) {
    float half = 0.5f * x;
    return Math.fma(half, tanh(half), half);
  }

  /** A rational function within a few units in the last place; its coefficients are those of Eigen's ptanh_float. */
  private static float tanh(float argument) {
    float x = Math.max(-LIMIT, Math.min(LIMIT, argument));
    float z = x * x;
    float p = Math.fma(z, -2.76076847742355e-16f, 2.00018790482477e-13f);
    p = Math.fma(p, z, -8.60467152213735e-11f);
    p = Math.fma(p, z, 5.12229709037114e-08f);
    p = Math.fma(p, z, 1.48572235717979e-05f);
    p = Math.fma(p, z, 6.37261928875436e-04f);
    p = Math.fma(p, z, 4.89352455891786e-03f);
    float q = Math.fma(z, 1.19825839466702e-06f, 1.18534705686654e-04f);
    q = Math.fma(q, z, 2.26843463243900e-03f);
    q = Math.fma(q, z, 4.89352518554385e-03f);
    return x * p / q;
  }
}
