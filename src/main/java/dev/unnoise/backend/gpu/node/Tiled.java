package dev.unnoise.backend.gpu.node;

import java.util.Map;
import java.util.TreeMap;

/**
 * convolution_tiled.kernel.
 *
 * @param pixels of a group (BM)
 * @param channels of a group (BN)
 * @param depth input channels of a step (BK)
 * @param itemPixels of a work-item (TM)
 * @param itemChannels of a work-item (TN)
 */
public record Tiled(int pixels, int channels, int depth, int itemPixels, int itemChannels) implements KernelTemplate {
  @Override
  public String file() {
    return "convolution_tiled";
  }

  @Override
  public boolean fits(ProductGeometry geometry) {
    return true;
  }

  @Override
  public Map<String, Integer> options(ProductGeometry geometry) {
    Map<String, Integer> options = new TreeMap<>(KernelTemplate.layer(geometry));
    options.put("BM", pixels);
    options.put("BN", channels);
    options.put("BK", depth);
    options.put("TM", itemPixels);
    options.put("TN", itemChannels);
    return options;
  }

  @Override
  public Packing packing() {
    return new Packing(channels, Packing.Form.TAPS);
  }

  @Override
  public Grid grid(ProductGeometry geometry) {
    return new Grid.Flattened(geometry.pixels(), pixels, itemsPerGroup(), Math.ceilDiv(geometry.outputChannels(), channels));
  }

  @Override
  public int itemsPerGroup() {
    return pixels / itemPixels * (channels / itemChannels);
  }

  /** Pixels lie in rows of one vector more than they need. */
  @Override
  public int localBytes() {
    return Float.BYTES * depth * (pixels + Traits.CARD_VECTOR + channels);
  }

  @Override
  public String key() {
    return "tiled-" + pixels + "x" + channels + "x" + depth + "-" + itemPixels + "x" + itemChannels;
  }
}
