package dev.unnoise.backend.kernels;

/**
 * The weights of Winograd's minimal filtering F(4×4, 3×3) (Lavin and Gray 2016), G g Gᵀ with the interpolation points
 * 0, ±1, ±2 and infinity: 4×4 outputs of a 3×3 convolution take 36 products instead of 144.
 */
public final class WinogradWindow {
  /** Products of a tile along one axis. */
  public static final int SIDE = 6;

  private static final int TAPS = 3;

  private static final double[][] G = {
    {1 / 4.0, 0, 0},
    {-1 / 6.0, -1 / 6.0, -1 / 6.0},
    {-1 / 6.0, 1 / 6.0, -1 / 6.0},
    {1 / 24.0, 1 / 12.0, 1 / 6.0},
    {1 / 24.0, -1 / 12.0, 1 / 6.0},
    {0, 0, 1}
  };

  private final double[][] half = new double[SIDE][TAPS];

  /**
   * Transforms one window.
   *
   * @param taps holds nine numbers, row by row, from {@code at} on
   * @param points takes 36 numbers, row by row
   */
  public void transform(float[] taps, int at, float[] points) {
    for (int p = 0; p < SIDE; p++) {
      for (int x = 0; x < TAPS; x++) {
        half[p][x] = G[p][0] * taps[at + x] + G[p][1] * taps[at + TAPS + x] + G[p][2] * taps[at + 2 * TAPS + x];
      }
    }
    for (int p = 0; p < SIDE; p++) {
      for (int q = 0; q < SIDE; q++) {
        points[p * SIDE + q] = (float) (half[p][0] * G[q][0] + half[p][1] * G[q][1] + half[p][2] * G[q][2]);
      }
    }
  }
}
