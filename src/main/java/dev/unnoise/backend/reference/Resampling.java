package dev.unnoise.backend.reference;

import java.util.List;

/** Operations that move pixels or channels. */
final class Resampling {
  private Resampling() {}

  static void concatenate(List<View> sources, View output) {
    int at = 0;
    for (View source : sources) {
      for (int pixel = 0; pixel < output.pixels(); pixel++) {
        for (int c = 0; c < source.channels(); c++) {
          output.set(pixel, at + c, source.get(pixel, c));
        }
      }
      at += source.channels();
    }
  }

  static void upsample(View source, View output) {
    for (int y = 0; y < output.height(); y++) {
      for (int x = 0; x < output.width(); x++) {
        for (int c = 0; c < output.channels(); c++) {
          output.set(y * output.width() + x, c, source.get(y / 2, x / 2, c));
        }
      }
    }
  }

  static void averagePool(View source, View output) {
    for (int y = 0; y < output.height(); y++) {
      for (int x = 0; x < output.width(); x++) {
        for (int c = 0; c < output.channels(); c++) {
          double sum = 0;
          for (int dy = 0; dy < 2; dy++) {
            for (int dx = 0; dx < 2; dx++) {
              sum += source.get(2 * y + dy, 2 * x + dx, c);
            }
          }
          output.set(y * output.width() + x, c, sum / 4);
        }
      }
    }
  }
}
