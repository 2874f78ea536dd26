package dev.unnoise.backend.gpu.node;

import java.util.Map;

/** A way to compute convolutions and linear layers, with its parameters. */
public sealed interface ProductTemplate permits MatrixCores, Staged, Tiled, Winograd {
  /** Input channels that weights are packed by. */
  int CHUNK = 64;

  /** The file of {@code kernels/}. */
  String file();

  /** Whether it computes products of this geometry. */
  boolean fits(ProductGeometry geometry);

  /** Options, those of storage left out. */
  Map<String, Integer> options(ProductGeometry geometry);

  /** How weights are laid out. */
  Packing packing();

  /** Work-items. */
  Grid grid(ProductGeometry geometry);

  /** Work-items of a group. */
  int itemsPerGroup();

  /** Bytes of local memory that a group takes. */
  int localBytes();

  /** One word with its parameters, by which choices are kept. */
  String key();

  /** Options that describe the layer. */
  static Map<String, Integer> layer(ProductGeometry geometry) {
    return Map.of(
        "KERNEL_SIZE", geometry.window().kernel(),
        "STRIDE", geometry.window().stride(),
        "UPSAMPLED", geometry.upsampled() ? 1 : 0,
        "CHUNK", CHUNK);
  }
}
