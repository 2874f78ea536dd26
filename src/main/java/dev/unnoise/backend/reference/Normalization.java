package dev.unnoise.backend.reference;

import dev.unnoise.graph.GroupNorm;
import java.util.List;
import java.util.Optional;

/** Group normalisation in two passes: the mean, then the mean squared deviation. */
final class Normalization {
  private Normalization() {}

  static void run(
      GroupNorm node,
      List<View> sources,
      float[] weight,
      float[] bias,
      Optional<View> scale,
      Optional<View> shift,
      View output) {
    int perGroup = output.channels() / node.groups();
    double count = (double) perGroup * output.pixels();
    for (int group = 0; group < node.groups(); group++) {
      int from = group * perGroup;
      int to = from + perGroup;
      double sum = 0;
      for (int c = from; c < to; c++) {
        Channel channel = Channel.of(sources, c);
        for (int pixel = 0; pixel < output.pixels(); pixel++) {
          sum += channel.get(pixel);
        }
      }
      double mean = sum / count;
      double squares = 0;
      for (int c = from; c < to; c++) {
        Channel channel = Channel.of(sources, c);
        for (int pixel = 0; pixel < output.pixels(); pixel++) {
          double deviation = channel.get(pixel) - mean;
          squares += deviation * deviation;
        }
      }
      double inverse = 1 / Math.sqrt(squares / count + node.epsilon());
      for (int c = from; c < to; c++) {
        Channel channel = Channel.of(sources, c);
        for (int pixel = 0; pixel < output.pixels(); pixel++) {
          double value = (channel.get(pixel) - mean) * inverse * weight[c] + bias[c];
          if (scale.isPresent()) {
            value = value * (1 + scale.get().get(0, c)) + shift.orElseThrow().get(0, c);
          }
          output.set(pixel, c, node.activation().apply(value));
        }
      }
    }
  }

  /** One channel of a concatenation. */
  private record Channel(View view, int index) {
    static Channel of(List<View> sources, int channel) {
      int index = channel;
      for (View source : sources) {
        if (index < source.channels()) {
          return new Channel(source, index);
        }
        index -= source.channels();
      }
      throw new IndexOutOfBoundsException(channel);
    }

    double get(int pixel) {
      return view.get(pixel, index);
    }
  }
}
