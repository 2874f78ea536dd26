package dev.unnoise.backend.gpu.node;

import java.util.Optional;

/** A library of the vendor's that computes attention. */
public interface AttentionLibrary {

  /** Says that {@link #launch} will be called with the same: what takes long may begin. */
  default void prepareAhead(AttentionGeometry geometry, AttentionOperands operands, int images) {}

  /**
   * Prepares an attention.
   *
   * @param images that it always computes; those beyond the ones wanted hold no numbers of interest
   * @return nothing if the library does not compute such heads
   */
  Optional<Launch> launch(AttentionGeometry geometry, AttentionOperands operands, int images, Programs programs);

  /**
   * Bytes of scratch memory to count on: what it takes is known only when launches are prepared. Libraries of a device
   * share theirs, and the largest number counts: it includes what a library has for itself beside that.
   */
  default long workspaceBytes() {
    return 128L << 20;
  }
}
