package dev.unnoise.backend.cpu.kernel;

/**
 * The transforms of Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2016): 4×4 outputs of a 3×3 convolution
 * take 36 products instead of 144. Each method is one one-dimensional transform of many elements side by side; the
 * two-dimensional one applies it along columns, then along rows.
 */
final class WinogradTransform {
  /** Outputs along one axis of a tile. */
  static final int OUTPUTS = 4;

  /** Inputs, and products, along one axis of a tile. */
  static final int POINTS = 6;

  private static final double[][] KERNEL = {
    {1 / 4.0, 0, 0},
    {-1 / 6.0, -1 / 6.0, -1 / 6.0},
    {-1 / 6.0, 1 / 6.0, -1 / 6.0},
    {1 / 24.0, 1 / 12.0, 1 / 6.0},
    {1 / 24.0, -1 / 12.0, 1 / 6.0},
    {0, 0, 1}
  };

  private WinogradTransform() {}

  /**
   * Transforms all kernels of a convolution.
   *
   * @param weight [out, in, 3, 3], row-major
   * @return for each of the 36 points a matrix [in, out]
   */
  static float[][] kernels(float[] weight, int out, int in) {
    float[][] matrices = new float[POINTS * POINTS][in * out];
    double[][] half = new double[POINTS][3];
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        int at = (o * in + i) * 9;
        for (int p = 0; p < POINTS; p++) {
          for (int x = 0; x < 3; x++) {
            half[p][x] =
                KERNEL[p][0] * weight[at + x] + KERNEL[p][1] * weight[at + 3 + x] + KERNEL[p][2] * weight[at + 6 + x];
          }
        }
        for (int p = 0; p < POINTS; p++) {
          for (int q = 0; q < POINTS; q++) {
            double value =
                half[p][0] * KERNEL[q][0] + half[p][1] * KERNEL[q][1] + half[p][2] * KERNEL[q][2];
            matrices[p * POINTS + q][i * out + o] = (float) value;
          }
        }
      }
    }
    return matrices;
  }

  /** Six inputs to six points, in place. */
  static void input(
      float[] a0, float[] a1, float[] a2, float[] a3, float[] a4, float[] a5, int length) {
    for (int i = 0; i < length; i++) {
      float d0 = a0[i];
      float d1 = a1[i];
      float d2 = a2[i];
      float d3 = a3[i];
      float d4 = a4[i];
      float d5 = a5[i];
      float even = Math.fma(-4f, d2, d4);
      float odd = Math.fma(-4f, d1, d3);
      float evenNear = d4 - d2;
      float oddNear = 2f * (d3 - d1);
      a0[i] = Math.fma(4f, d0, Math.fma(-5f, d2, d4));
      a1[i] = even + odd;
      a2[i] = even - odd;
      a3[i] = evenNear + oddNear;
      a4[i] = evenNear - oddNear;
      a5[i] = Math.fma(4f, d1, Math.fma(-5f, d3, d5));
    }
  }

  /** Six points to four outputs, the outputs in place of the first four. */
  static void output(
      float[] a0, float[] a1, float[] a2, float[] a3, float[] a4, float[] a5, int length) {
    for (int i = 0; i < length; i++) {
      float m1 = a1[i];
      float m2 = a2[i];
      float m3 = a3[i];
      float m4 = a4[i];
      float near = m1 + m2;
      float nearOdd = m1 - m2;
      float far = m3 + m4;
      float farOdd = m3 - m4;
      a0[i] = a0[i] + near + far;
      a1[i] = Math.fma(2f, farOdd, nearOdd);
      a2[i] = Math.fma(4f, far, near);
      a3[i] = Math.fma(8f, farOdd, nearOdd) + a5[i];
    }
  }
}
