package dev.unnoise.backend.reference;

import dev.unnoise.graph.Shape;
import dev.unnoise.graph.Tensor;

/** One image's elements of a tensor, wherever they lie. */
final class View {
  private final float[] memory;
  private final int base;
  private final int stride;
  private final Shape shape;

  /**
   * @param memory the storage that holds the tensor's root
   * @param base where that root begins
   */
  View(float[] memory, long base, Tensor tensor) {
    this.memory = memory;
    this.base = Math.toIntExact(base) + tensor.channelOffset();
    this.stride = tensor.channelStride();
    this.shape = tensor.shape();
  }

  Shape shape() {
    return shape;
  }

  int channels() {
    return shape.channels();
  }

  int height() {
    return shape.height();
  }

  int width() {
    return shape.width();
  }

  int pixels() {
    return Math.toIntExact(shape.pixels());
  }

  float get(int pixel, int channel) {
    return memory[base + pixel * stride + channel];
  }

  void set(int pixel, int channel, double value) {
    memory[base + pixel * stride + channel] = (float) value;
  }

  float get(int y, int x, int channel) {
    return get(y * shape.width() + x, channel);
  }
}
