package dev.unnoise.backend.gpu.node;

/** A library of the vendor's that computes convolutions and linear layers. */
public interface ProductLibrary {

  /** One word. */
  String name();

  /** Whether it computes products of this geometry. */
  boolean fits(ProductGeometry geometry);

  /**
   * Prepares a product. Weights lie as {@link LibraryProduct#packing()} says.
   *
   * @param images that it always computes; those beyond the ones wanted hold no numbers of interest
   */
  Launch launch(ProductGeometry geometry, ProductOperands operands, int images, Programs programs);

  /**
   * Bytes of scratch memory to count on: what it takes is known only when launches are prepared. A library shares its
   * scratch memory with the others of its device.
   */
  default long workspaceBytes() {
    return 128L << 20;
  }
}
