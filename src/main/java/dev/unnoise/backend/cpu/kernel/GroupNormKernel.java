package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.graph.GroupNorm;
import java.util.Arrays;

/**
 * Group normalisation of one image in two passes over pieces that fit the first-level cache. The first pass sums
 * deviations from the first pixel's value, channel by channel, so that a mean far from zero costs no precision; the
 * second applies one factor and one term per channel, and the activation.
 */
final class GroupNormKernel {
  private final GroupNorm node;
  private final float[] weight;
  private final float[] bias;
  private final Region[] sources;
  private final Region scale;
  private final Region shift;
  private final Region output;
  private final int channels;
  private final int pixels;
  private final int pixelsPerPiece;
  private final float[] piece;
  private final float[] pivot;
  private final float[] sums;
  private final float[] squares;
  private final float[] factor;
  private final float[] term;
  private final double[] channelSums;
  private final double[] channelSquares;

  /**
   * @param scale of the modulation, or null
   * @param shift of the modulation, or null
   */
  GroupNormKernel(
      GroupNorm node,
      float[] weight,
      float[] bias,
      Region[] sources,
      Region scale,
      Region shift,
      Region output,
      Staging staging) {
    this.node = node;
    this.weight = weight;
    this.bias = bias;
    this.sources = sources;
    this.scale = scale;
    this.shift = shift;
    this.output = output;
    this.channels = output.channels();
    this.pixels = output.pixels();
    this.pixelsPerPiece = Math.min(pixels, Staging.pixelsPerPiece(channels));
    int length = pixelsPerPiece * channels;
    this.piece = staging.array(0, length);
    this.pivot = staging.array(1, length);
    this.sums = staging.array(2, length);
    this.squares = staging.array(3, length);
    this.factor = staging.array(4, length);
    this.term = staging.array(5, length);
    this.channelSums = new double[channels];
    this.channelSquares = new double[channels];
  }

  void run() {
    accumulate();
    fold();
    normalize();
  }

  private void accumulate() {
    int length = pixelsPerPiece * channels;
    read(0, 1);
    for (int i = 0; i < pixelsPerPiece; i++) {
      System.arraycopy(piece, 0, pivot, i * channels, channels);
    }
    Arrays.fill(sums, 0, length, 0);
    Arrays.fill(squares, 0, length, 0);
    for (int pixel = 0; pixel < pixels; pixel += pixelsPerPiece) {
      int count = Math.min(pixelsPerPiece, pixels - pixel);
      read(pixel, count);
      deviations(piece, pivot, sums, squares, count * channels);
    }
    for (int c = 0; c < channels; c++) {
      double sum = 0;
      double square = 0;
      for (int i = c; i < length; i += channels) {
        sum += sums[i];
        square += squares[i];
      }
      channelSums[c] = sum;
      channelSquares[c] = square;
    }
  }

  /** Turns the sums of each group into one factor and one term per channel, repeated for every pixel of a piece. */
  private void fold() {
    int perGroup = channels / node.groups();
    double count = (double) perGroup * pixels;
    for (int group = 0; group < node.groups(); group++) {
      int from = group * perGroup;
      double total = 0;
      for (int c = from; c < from + perGroup; c++) {
        total += channelSums[c] + pivot[c] * (double) pixels;
      }
      double mean = total / count;
      double variance = 0;
      for (int c = from; c < from + perGroup; c++) {
        double offset = pivot[c] - mean;
        variance += channelSquares[c] + 2 * offset * channelSums[c] + offset * offset * pixels;
      }
      double inverse = 1 / Math.sqrt(variance / count + node.epsilon());
      for (int c = from; c < from + perGroup; c++) {
        double slope = inverse * weight[c];
        double intercept = bias[c] - mean * slope;
        if (scale != null) {
          double gain = 1.0 + scale.get(0, c);
          slope *= gain;
          intercept = intercept * gain + shift.get(0, c);
        }
        factor[c] = (float) slope;
        term[c] = (float) intercept;
      }
    }
    for (int i = 1; i < pixelsPerPiece; i++) {
      System.arraycopy(factor, 0, factor, i * channels, channels);
      System.arraycopy(term, 0, term, i * channels, channels);
    }
  }

  private void normalize() {
    for (int pixel = 0; pixel < pixels; pixel += pixelsPerPiece) {
      int count = Math.min(pixelsPerPiece, pixels - pixel);
      int length = count * channels;
      read(pixel, count);
      Activations.affine(node.activation(), piece, factor, term, length);
      output.write(pixel, count, piece, 0, channels);
    }
  }

  private void read(int pixel, int count) {
    int at = 0;
    for (Region source : sources) {
      source.read(pixel, count, piece, at, channels);
      at += source.channels();
    }
  }

  private static void deviations(float[] values, float[] pivot, float[] sums, float[] squares, int length) {
    for (int i = 0; i < length; i++) {
      float deviation = values[i] - pivot[i];
      sums[i] += deviation;
      squares[i] = Math.fma(deviation, deviation, squares[i]);
    }
  }
}
