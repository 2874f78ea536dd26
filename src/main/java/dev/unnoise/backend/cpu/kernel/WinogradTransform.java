package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.kernels.WinogradWindow;

/**
 * The transforms of Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2016): 4×4 outputs of a 3×3 convolution
 * take 36 products instead of 144. Each method is one one-dimensional transform of many elements side by side; the
 * two-dimensional one applies it along columns, then along rows.
 */
final class WinogradTransform {
  /** Outputs along one axis of a tile. */
  static final int OUTPUTS = 4;

  /** Inputs, and products, along one axis of a tile. */
  static final int POINTS = WinogradWindow.SIDE;

  private WinogradTransform() {}

  /**
   * Transforms all kernels of a convolution.
   *
   * @param weight [out, in, 3, 3], row-major
   * @return for each of the 36 points a matrix [in, out]
   */
  static float[][] kernels(float[] weight, int out, int in) {
    float[][] matrices = new float[POINTS * POINTS][in * out];
    WinogradWindow window = new WinogradWindow();
    float[] points = new float[POINTS * POINTS];
    for (int i = 0; i < in; i++) {
      for (int o = 0; o < out; o++) {
        window.transform(weight, (o * in + i) * 9, points);
        for (int point = 0; point < points.length; point++) {
          matrices[point][i * out + o] = points[point];
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
