package dev.unnoise.backend.host;

/**
 * Evaluates the denoiser for one image at a time. Images are float arrays in C,H,W order.
 *
 * <p>An evaluator is used by one thread at a time; several of them run side by side.
 */
public interface Evaluator {

  /**
   * One evaluation.
   *
   * @param sample the noisy image
   * @param timestep for networks that divide by it
   * @param table rows of the conditioning table
   * @param rowOffset where this evaluation's row begins in {@code table}
   * @param output receives what the network predicts
   */
  void evaluate(float[] sample, float timestep, float[] table, int rowOffset, float[] output);

  /**
   * One evaluation of whatever lies in memory, for the clock.
   *
   * @param nanos one entry per node of the denoiser, to which its time is added
   */
  void time(long[] nanos);

  /** Kernels or library calls that one evaluation starts. */
  long launches();
}
