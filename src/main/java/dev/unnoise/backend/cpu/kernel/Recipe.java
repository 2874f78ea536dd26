package dev.unnoise.backend.cpu.kernel;

import java.util.Optional;

/** A node prepared: its primitives are compiled, its weights in the layout they want. Shared by all lanes. */
public interface Recipe {

  /** Binds the node to a lane's memory. */
  Kernel bind(Site site);

  /** Bytes of scratchpad its primitives want. */
  default long scratchpadBytes() {
    return 0;
  }

  /** Bytes of memory it wants besides its tensors on a site of that many slots, kept only while it runs. */
  default long workspaceBytes(int slots) {
    return 0;
  }

  /** oneDNN's name of the code that does most of it; nothing if Java does all. */
  default Optional<String> implementation() {
    return Optional.empty();
  }

  /** Library calls or loops that one image takes. */
  default int launches() {
    return 1;
  }
}
