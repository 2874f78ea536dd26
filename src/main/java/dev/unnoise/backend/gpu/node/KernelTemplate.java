package dev.unnoise.backend.gpu.node;

import java.util.Map;

/** A kernel of ours that computes products. */
public sealed interface KernelTemplate extends ProductTemplate permits MatrixCores, Staged, Tiled, Winograd {

  /** The file of {@code kernels/}. */
  String file();

  /** Options, those of storage left out. */
  Map<String, Integer> options(ProductGeometry geometry);

  /** Work-items. */
  Grid grid(ProductGeometry geometry);

  /** Options that describe the layer. */
  static Map<String, Integer> layer(ProductGeometry geometry) {
    return Map.of(
        "KERNEL_SIZE", geometry.window().kernel(),
        "STRIDE", geometry.window().stride(),
        "UPSAMPLED", geometry.upsampled() ? 1 : 0,
        "CHUNK", CHUNK);
  }
}
