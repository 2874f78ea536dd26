package dev.unnoise.graph.run;

import java.util.List;
import java.util.Map;

/** A network ready to run on batches of up to a fixed number of images. Not thread-safe. */
public interface Program extends AutoCloseable {

  /** Images it was compiled for. */
  int batch();

  /**
   * Runs the whole sampling loop; nothing but finished images comes back.
   *
   * @throws java.util.concurrent.CancellationException if the job's monitor asked for it
   * @throws BackendException if a finished image is not finite, or the device failed
   */
  RunReport sample(SamplingJob job);

  /** Evaluates the network once. */
  void predict(PredictionJob job);

  /**
   * Measures every launch of a job's first step, in order: the network's, and what the sampler computes around it. The
   * job yields no images.
   */
  List<LaunchTime> profile(SamplingJob job, Repeats repeats);

  /**
   * What computes the products and attentions of the lowered denoiser: for each, how many of them it does. Empty if
   * the backend does not say.
   */
  default Map<String, Integer> computedBy() {
    return Map.of();
  }

  /** Frees its device memory. */
  @Override
  void close();
}
