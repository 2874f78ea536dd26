package dev.unnoise.graph.run;

/** Follows a sampling loop and may stop it. Called from whatever thread drives the device. */
public interface RunMonitor {
  /** Neither watches nor stops. */
  RunMonitor NONE = (done, total) -> true;

  /**
   * Told now and then how far the loop has come.
   *
   * @param done image-steps finished
   * @param total image-steps of the job
   * @return whether to go on
   */
  boolean advanced(long done, long total);
}
