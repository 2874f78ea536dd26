package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;

/** Softmax of rows of scores, between the two products of attention where a library computes these. */
public final class SoftmaxLaunch implements AutoCloseable {
  private final GpuKernel kernel;
  private final int tokens;
  private final int itemsPerGroup;

  private SoftmaxLaunch(GpuKernel kernel, int tokens, int itemsPerGroup) {
    this.kernel = kernel;
    this.tokens = tokens;
    this.itemsPerGroup = itemsPerGroup;
  }

  /** For rows of an attention's tokens. */
  public static SoftmaxLaunch of(AttentionGeometry geometry, Programs programs) {
    Traits traits = programs.traits();
    GpuKernel kernel = programs.kernel(KernelChoice.softmax(geometry.type(), traits), "softmax");
    return new SoftmaxLaunch(kernel, geometry.tokens(), traits.normItems());
  }

  /**
   * Hands it to the device.
   *
   * @param scores floats, row after row
   * @param scoresAt the first, in floats
   * @param probabilities in the attention's type; the scores' place if that is theirs
   * @param probabilitiesAt the first, in elements of that type
   */
  public void enqueue(GpuBuffer scores, long scoresAt, GpuBuffer probabilities, long probabilitiesAt, long rows) {
    kernel
        .from(0)
        .buffer(scores)
        .longInteger(scoresAt)
        .buffer(probabilities)
        .longInteger(probabilitiesAt)
        .integer(tokens);
    kernel.enqueue(new long[] {rows * itemsPerGroup, 1, 1}, new long[] {itemsPerGroup, 1, 1});
  }

  @Override
  public void close() {
    kernel.close();
  }
}
