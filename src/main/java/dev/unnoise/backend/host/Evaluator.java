package dev.unnoise.backend.host;

/**
 * Evaluates the denoiser for a few images at a time. An evaluator is used by one thread at a time; several of them run
 * side by side.
 */
public interface Evaluator {

  /**
   * Evaluates.
   *
   * @param evaluations the first {@code count} of them
   */
  void evaluate(Evaluation[] evaluations, int count);

  /**
   * Evaluates whatever lies in memory, for the clock.
   *
   * @param count number of images
   * @param nanos one entry per node of the denoiser, to which its time is added
   */
  void time(int count, long[] nanos);

  /** What computes a node of the denoiser. */
  ComputedBy computedBy(int node);

  /** Kernels or library calls that the evaluation of one image starts. */
  long launches();
}
