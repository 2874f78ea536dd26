package dev.unnoise.backend.gpu.node;

import dev.unnoise.graph.DataType;
import java.util.Map;
import java.util.TreeMap;

/**
 * convolution_winograd.kernel.
 *
 * @param tiles of 4×4 pixels that a work-item takes (TILES)
 * @param together tiles that share a weight in registers (PX)
 * @param vectors of output channels that a work-item takes (VB)
 */
public record Winograd(int tiles, int together, int vectors, int vectorWidth) implements KernelTemplate {
  /** Pixels of a tile along an axis. */
  private static final int SIDE = 4;

  @Override
  public String file() {
    return "convolution_winograd";
  }

  /** Transformed weights of 16 bits would lose too much: they span a larger range than the taps they are made of. */
  @Override
  public boolean fits(ProductGeometry geometry) {
    return geometry.window().kernel() == 3 && geometry.window().stride() == 1 && geometry.type() == DataType.F32;
  }

  @Override
  public Map<String, Integer> options(ProductGeometry geometry) {
    Map<String, Integer> options = new TreeMap<>();
    options.put("UPSAMPLED", geometry.upsampled() ? 1 : 0);
    options.put("TILES", tiles);
    options.put("PX", together);
    options.put("VB", vectors);
    options.put("CHUNK", CHUNK);
    return options;
  }

  @Override
  public Packing packing() {
    return new Packing(vectors * vectorWidth, Packing.Form.WINOGRAD);
  }

  @Override
  public Grid grid(ProductGeometry geometry) {
    long perImage = (long) Math.ceilDiv(geometry.outputHeight(), SIDE) * Math.ceilDiv(geometry.outputWidth(), SIDE);
    return new Grid.Flattened(perImage, tiles, itemsPerGroup(), Math.ceilDiv(geometry.outputChannels(), vectors * vectorWidth));
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
    return "winograd-" + tiles + "-" + together + "x" + vectors;
  }
}
