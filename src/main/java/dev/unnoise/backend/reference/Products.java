package dev.unnoise.backend.reference;

import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Window;

/** Convolutions and linear layers, summed in double precision. */
final class Products {
  private Products() {}

  static void convolution(Convolution node, View source, float[] weight, Sums sums, View output) {
    Window window = node.window();
    int factor = node.upsampled() ? 2 : 1;
    int kernel = window.kernel();
    for (int y = 0; y < output.height(); y++) {
      for (int x = 0; x < output.width(); x++) {
        int pixel = y * output.width() + x;
        for (int out = 0; out < output.channels(); out++) {
          double sum = 0;
          for (int ky = 0; ky < kernel; ky++) {
            int sourceY = y * window.stride() + ky - window.padBefore();
            if (sourceY < 0 || sourceY >= source.height() * factor) {
              continue;
            }
            for (int kx = 0; kx < kernel; kx++) {
              int sourceX = x * window.stride() + kx - window.padBefore();
              if (sourceX < 0 || sourceX >= source.width() * factor) {
                continue;
              }
              int from = (sourceY / factor) * source.width() + sourceX / factor;
              for (int in = 0; in < source.channels(); in++) {
                int at = ((out * source.channels() + in) * kernel + ky) * kernel + kx;
                sum += (double) source.get(from, in) * weight[at];
              }
            }
          }
          output.set(pixel, out, sums.finish(sum, pixel, out));
        }
      }
    }
  }

  static void linear(View source, float[] weight, Sums sums, View output) {
    for (int pixel = 0; pixel < output.pixels(); pixel++) {
      for (int out = 0; out < output.channels(); out++) {
        double sum = 0;
        for (int in = 0; in < source.channels(); in++) {
          sum += (double) source.get(pixel, in) * weight[out * source.channels() + in];
        }
        output.set(pixel, out, sums.finish(sum, pixel, out));
      }
    }
  }
}
