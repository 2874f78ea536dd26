package dev.unnoise.backend.gpu.node;

import java.util.List;

/** A library of the vendor's that computes convolutions and linear layers. */
public interface ProductLibrary {

  /** One word. */
  String name();

  /** Whether products of this geometry are left to it. It may turn out that it takes none of them. */
  boolean fits(ProductGeometry geometry);

  /** Says that {@link #launch} will be called with the same: what takes long may begin. */
  default void prepareAhead(ProductGeometry geometry, ProductOperands operands, int images) {}

  /**
   * Prepares a product. Weights lie as {@link LibraryProduct#packing()} says.
   *
   * @param images that it always computes; those beyond the ones wanted hold no numbers of interest
   * @return the launches that compute it, in order; none if the library does not take it
   */
  List<Launch> launch(ProductGeometry geometry, ProductOperands operands, int images, Programs programs);

  /**
   * Bytes of scratch memory to count on: what it takes is known only when launches are prepared. A library shares its
   * scratch memory with the others of its device.
   */
  default long workspaceBytes() {
    return 128L << 20;
  }
}
