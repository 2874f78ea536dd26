package dev.unnoise.backend.gpu.node;

/** A way to compute convolutions and linear layers, with its parameters. */
public sealed interface ProductTemplate permits KernelTemplate, LibraryProduct {
  /** Input channels that weights are packed by. */
  int CHUNK = 64;

  /** Whether it computes products of this geometry. */
  boolean fits(ProductGeometry geometry);

  /** How weights are laid out. */
  Packing packing();

  /** Work-items of a group. */
  int itemsPerGroup();

  /** Bytes of local memory that a group takes. */
  int localBytes();

  /** One word with its parameters, by which choices are kept. */
  String key();
}
