package dev.unnoise.backend.gpu.network;

import dev.unnoise.graph.Shape;

/** Images between C,H,W, as the outside has them, and H,W,C with a stride, as kernels do. */
final class ChannelOrder {
  private ChannelOrder() {}

  static float[] toLast(float[] planes, int images, Shape shape, int stride) {
    int pixels = Math.toIntExact(shape.pixels());
    float[] last = new float[Math.toIntExact((long) images * pixels * stride)];
    for (int n = 0; n < images; n++) {
      for (int c = 0; c < shape.channels(); c++) {
        for (int p = 0; p < pixels; p++) {
          last[(n * pixels + p) * stride + c] = planes[(n * shape.channels() + c) * pixels + p];
        }
      }
    }
    return last;
  }

  static float[] toFirst(float[] last, int images, Shape shape, int stride) {
    int pixels = Math.toIntExact(shape.pixels());
    float[] planes = new float[Math.toIntExact(images * shape.elements())];
    for (int n = 0; n < images; n++) {
      for (int c = 0; c < shape.channels(); c++) {
        for (int p = 0; p < pixels; p++) {
          planes[(n * shape.channels() + c) * pixels + p] = last[(n * pixels + p) * stride + c];
        }
      }
    }
    return planes;
  }
}
