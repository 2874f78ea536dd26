package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.kernels.WinogradWindow;

/**
 * How the weights of a product are laid out: in blocks of output channels, within them by chunks of input channels,
 * then by tap, channel of the chunk and output channel; output channels are padded with zeros.
 *
 * @param block output channels of a block
 * @param form what lies at the place of a window's taps
 */
record Packing(int block, Form form) {

  /** What lies at the place of a window's taps. */
  enum Form {
    /** The taps. */
    TAPS,
    /** The taps, each with all its input channels. */
    CHANNELS_LAST,
    /** The 36 numbers that a 3×3 window becomes for Winograd's F(4×4, 3×3). */
    WINOGRAD
  }

  /**
   * Lays out a weight.
   *
   * @param weight [output channels, input channels, taps]
   */
  float[] pack(float[] weight, int out, int in) {
    if (form == Form.CHANNELS_LAST) {
      return channelsLast(weight, out, in);
    }
    float[] numbers = form == Form.WINOGRAD ? transformed(weight) : weight;
    int taps = numbers.length / out / in;
    float[] packed = new float[Math.multiplyExact(Math.ceilDiv(out, block) * block * in, taps)];
    int at = 0;
    for (int first = 0; first < out; first += block) {
      for (int chunk = 0; chunk < in; chunk += ProductTemplate.CHUNK) {
        int end = Math.min(in, chunk + ProductTemplate.CHUNK);
        for (int tap = 0; tap < taps; tap++) {
          for (int c = chunk; c < end; c++) {
            for (int o = first; o < first + block; o++) {
              packed[at++] = o < out ? numbers[(o * in + c) * taps + tap] : 0;
            }
          }
        }
      }
    }
    return packed;
  }

  /**
   * Undoes {@link #pack} where the channels lie last.
   *
   * @return [output channels, input channels, taps]
   * @throws IllegalStateException for other forms
   */
  float[] unpack(float[] packed, int out, int in) {
    if (form != Form.CHANNELS_LAST) {
      throw new IllegalStateException("weights in the form " + form + " are not unpacked");
    }
    return transposed(packed, packed.length / out / in, in);
  }

  private static float[] channelsLast(float[] weight, int out, int in) {
    return transposed(weight, in, weight.length / out / in);
  }

  /** Swaps the last two of three axes. */
  private static float[] transposed(float[] values, int rows, int columns) {
    float[] swapped = new float[values.length];
    int at = 0;
    for (int first = 0; first < values.length; first += rows * columns) {
      for (int column = 0; column < columns; column++) {
        for (int row = 0; row < rows; row++) {
          swapped[at++] = values[first + row * columns + column];
        }
      }
    }
    return swapped;
  }

  private static float[] transformed(float[] weight) {
    WinogradWindow window = new WinogradWindow();
    float[] points = new float[WinogradWindow.SIDE * WinogradWindow.SIDE];
    int windows = weight.length / 9;
    float[] all = new float[Math.multiplyExact(windows, points.length)];
    for (int i = 0; i < windows; i++) {
      window.transform(weight, 9 * i, points);
      System.arraycopy(points, 0, all, i * points.length, points.length);
    }
    return all;
  }
}
