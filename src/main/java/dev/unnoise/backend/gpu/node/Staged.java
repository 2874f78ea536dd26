package dev.unnoise.backend.gpu.node;

import java.util.Map;
import java.util.TreeMap;

/**
 * convolution_staged.kernel.
 *
 * @param pixels whose sums a work-item holds (PX)
 * @param vectors of output channels it holds for each (VB)
 */
public record Staged(int pixels, int vectors, int vectorWidth) implements KernelTemplate {
  /** Pixels of a work-item, so that there are enough work-items and each is worth its start. */
  private static final int BAND_PIXELS = 256;

  @Override
  public String file() {
    return "convolution_staged";
  }

  @Override
  public boolean fits(ProductGeometry geometry) {
    return true;
  }

  /** Tiles are no wider than the power of two that covers a row; rows of linear layers stand for several, side by side. */
  @Override
  public Map<String, Integer> options(ProductGeometry geometry) {
    int width = geometry.outputWidth();
    boolean linear = geometry.height() == 1 && geometry.window().kernel() == 1;
    int covering = linear || width >= pixels ? pixels : Integer.highestOneBit(2 * width - 1);
    Map<String, Integer> options = new TreeMap<>(KernelTemplate.layer(geometry));
    options.put("PX", Math.min(pixels, covering));
    options.put("VB", vectors);
    return options;
  }

  @Override
  public Packing packing() {
    return new Packing(vectors * vectorWidth, Packing.Form.TAPS);
  }

  @Override
  public Grid grid(ProductGeometry geometry) {
    return new Grid.PerImage(
        itemsPerGroup(),
        Math.ceilDiv(geometry.outputChannels(), vectors * vectorWidth),
        Math.ceilDiv(geometry.outputHeight(), band(geometry)));
  }

  /** Rows of a work-item. */
  int band(ProductGeometry geometry) {
    return Math.clamp(BAND_PIXELS / geometry.outputWidth(), 1, geometry.outputHeight());
  }

  @Override
  public int itemsPerGroup() {
    return 1;
  }

  @Override
  public int localBytes() {
    return 0;
  }

  @Override
  public String key() {
    return "staged-" + pixels + "x" + vectors;
  }
}
