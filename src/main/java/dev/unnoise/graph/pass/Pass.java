package dev.unnoise.graph.pass;

import dev.unnoise.graph.Network;
import java.util.List;

/** A rewriting of a network that keeps what it computes, up to rounding. */
@FunctionalInterface
public interface Pass {

  /** The rewritten network; the same object where there was nothing to do. */
  Network apply(Network network);

  /** Several passes, one after another. */
  static Network applyAll(Network network, List<Pass> passes) {
    Network current = network;
    for (Pass pass : passes) {
      current = pass.apply(current);
    }
    return current;
  }
}
