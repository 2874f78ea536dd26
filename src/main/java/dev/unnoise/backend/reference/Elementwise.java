package dev.unnoise.backend.reference;

import java.util.function.DoubleUnaryOperator;

/** Operations on single elements. */
final class Elementwise {
  private Elementwise() {}

  static void map(View source, DoubleUnaryOperator function, View output) {
    for (int pixel = 0; pixel < output.pixels(); pixel++) {
      for (int c = 0; c < output.channels(); c++) {
        output.set(pixel, c, function.applyAsDouble(source.get(pixel, c)));
      }
    }
  }

  static void add(View left, View right, float scale, View output) {
    for (int pixel = 0; pixel < output.pixels(); pixel++) {
      for (int c = 0; c < output.channels(); c++) {
        output.set(pixel, c, ((double) left.get(pixel, c) + right.get(pixel, c)) * scale);
      }
    }
  }

  static void addPerChannel(View source, View vector, View output) {
    for (int pixel = 0; pixel < output.pixels(); pixel++) {
      for (int c = 0; c < output.channels(); c++) {
        output.set(pixel, c, (double) source.get(pixel, c) + vector.get(0, c));
      }
    }
  }

  static void modulate(View source, View scale, View shift, View output) {
    for (int pixel = 0; pixel < output.pixels(); pixel++) {
      for (int c = 0; c < output.channels(); c++) {
        output.set(pixel, c, source.get(pixel, c) * (1.0 + scale.get(0, c)) + shift.get(0, c));
      }
    }
  }
}
