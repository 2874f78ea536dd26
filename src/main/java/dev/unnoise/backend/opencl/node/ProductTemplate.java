package dev.unnoise.backend.opencl.node;

import dev.unnoise.graph.Window;
import java.util.Map;

/** A way to compute convolutions and linear layers, with its parameters. */
public sealed interface ProductTemplate {
  /** Input channels that weights are packed by. */
  int CHUNK = 64;

  /** The file of {@code kernels/}. */
  String file();

  /** Output channels that weights are packed by. */
  int block();

  /** Options that depend on the template alone, or on it and the width of a row. */
  Map<String, Integer> options(int outputWidth);

  /** Work-items of a group. */
  int itemsPerGroup();

  /** Work-items along the axes but the images', for an output of this extent. */
  long[] items(int outputHeight, int outputWidth, int outputChannels);

  /** Rows of a work-item, where it takes rows. */
  int band(int outputHeight, int outputWidth);

  /** Options that describe the layer. */
  static Map<String, Integer> window(Window window, boolean upsampled) {
    return Map.of("KERNEL_SIZE", window.kernel(), "STRIDE", window.stride(), "UPSAMPLED", upsampled ? 1 : 0);
  }

  /**
   * convolution_staged.kernel.
   *
   * @param pixels whose sums a work-item holds
   * @param vectors of output channels it holds for each
   */
  record Staged(int pixels, int vectors, int vectorWidth) implements ProductTemplate {
    /** Pixels of a work-item, so that there are enough work-items and each is worth its start. */
    private static final int BAND_PIXELS = 256;

    @Override
    public String file() {
      return "convolution_staged";
    }

    @Override
    public int block() {
      return vectors * vectorWidth;
    }

    /** Tiles are no wider than the power of two that covers a row. */
    @Override
    public Map<String, Integer> options(int outputWidth) {
      int covering = outputWidth >= pixels ? pixels : Integer.highestOneBit(2 * outputWidth - 1);
      return Map.of("PX", Math.min(pixels, covering), "VB", vectors, "CHUNK", CHUNK);
    }

    @Override
    public int itemsPerGroup() {
      return 1;
    }

    @Override
    public long[] items(int outputHeight, int outputWidth, int outputChannels) {
      return new long[] {
        Math.ceilDiv(outputChannels, block()), Math.ceilDiv(outputHeight, band(outputHeight, outputWidth))
      };
    }

    @Override
    public int band(int outputHeight, int outputWidth) {
      return Math.clamp(BAND_PIXELS / outputWidth, 1, outputHeight);
    }
  }

  /**
   * convolution_tiled.kernel.
   *
   * @param pixels of a group (BM)
   * @param channels of a group (BN)
   * @param depth input channels of a step (BK)
   * @param itemPixels of a work-item (TM)
   * @param itemChannels of a work-item (TN)
   */
  record Tiled(int pixels, int channels, int depth, int itemPixels, int itemChannels) implements ProductTemplate {
    @Override
    public String file() {
      return "convolution_tiled";
    }

    @Override
    public int block() {
      return channels;
    }

    @Override
    public Map<String, Integer> options(int outputWidth) {
      return Map.of(
          "BM", pixels, "BN", channels, "BK", depth, "TM", itemPixels, "TN", itemChannels, "CHUNK", CHUNK);
    }

    @Override
    public int itemsPerGroup() {
      return pixels / itemPixels * (channels / itemChannels);
    }

    @Override
    public long[] items(int outputHeight, int outputWidth, int outputChannels) {
      long tiles = Math.ceilDiv((long) outputHeight * outputWidth, pixels);
      return new long[] {tiles * itemsPerGroup(), Math.ceilDiv(outputChannels, channels)};
    }

    @Override
    public int band(int outputHeight, int outputWidth) {
      return outputHeight;
    }
  }
}
