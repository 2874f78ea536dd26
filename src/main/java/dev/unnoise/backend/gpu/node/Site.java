package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.graph.Tensor;

/** Where a graph is bound: memory for a number of images. */
public interface Site {

  /** Where a tensor of the graph lies. */
  Located locate(Tensor tensor);

  /** Images that there is memory for. */
  int images();

  /** Vectors that a tensor of one pixel holds side by side: more than 1 for conditioning graphs. */
  int vectors();

  /** One number per image or vector: what an input of one entry holds. */
  GpuBuffer numbers(Tensor input);

  /** Where the conditioning of the images lies, one row each; null where the graph has none. */
  GpuBuffer conditioning();

  /** Entries of a row. */
  int conditioningWidth();

  /** Where a tensor's entries begin in a row: a slice of the conditioning input, which is all that products may add. */
  int conditioningOffset(Tensor slice);

  /** Scratch memory of norms, as much as the largest one of the graph needs. */
  Statistics statistics();
}
