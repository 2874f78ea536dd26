package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClDeviceInfo;
import dev.unnoise.graph.run.BackendException;

/**
 * How kernels are shaped for a kind of device.
 *
 * @param vectorWidth floats of a vector: 4, 8 or 16
 * @param itemsPerGroup work-items of a group along its first axis, where a kernel leaves it open
 * @param products the template of convolutions and linear layers
 * @param attention the template of attention
 */
public record Traits(int vectorWidth, int itemsPerGroup, ProductTemplate products, AttentionTemplate attention) {
  /** {@code card} or {@code processor} chooses the shape in place of what suits the device; for tests and comparisons. */
  public static final String PROPERTY = "unnoise.opencl.shape";

  /** For cards: products of 64 by 64 results a group of 128, 32 each, out of 8 KiB of local memory. */
  public static final Traits CARD =
      new Traits(
          4, 32, new ProductTemplate.Tiled(64, 64, 16, 4, 8), new AttentionTemplate.Tiled(16, 32, 32));

  /** For processors with vectors of 16 floats: 32 registers hold 8·2 sums, two weights and broadcasts. */
  public static final Traits WIDE_PROCESSOR = processor(16, 8);

  /** What suits a device: processors want wide vectors and few items, cards the opposite. */
  public static Traits of(ClDeviceInfo info) {
    boolean card =
        switch (System.getProperty(PROPERTY, info.gpu() ? "card" : "processor")) {
          case "card" -> true;
          case "processor" -> false;
          case String other ->
              throw new BackendException(PROPERTY + " is " + other + ", expected card or processor");
        };
    if (card) {
      return CARD;
    }
    int width = info.vectorWidth() >= 16 ? 16 : info.vectorWidth() >= 8 ? 8 : 4;
    // 16 registers hold 4·2 sums.
    return width == 16 ? WIDE_PROCESSOR : processor(width, 4);
  }

  private static Traits processor(int width, int tilePixels) {
    return new Traits(
        width,
        1,
        new ProductTemplate.Staged(tilePixels, 2, width),
        new AttentionTemplate.Private(4, 8, width));
  }
}
