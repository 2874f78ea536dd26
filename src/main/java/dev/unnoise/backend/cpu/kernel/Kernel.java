package dev.unnoise.backend.cpu.kernel;

/** A node bound to memory: runs without allocating anything. */
public interface Kernel {

  /** Computes the node for the images in the first {@code images} slots. */
  void run(int images);
}
