package dev.unnoise.graph.run;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;

/**
 * A batch of images to sample.
 *
 * @param table the sampler
 * @param seed of every random number
 * @param indices absolute index of each image: with the seed, all that its noise depends on
 * @param labels class of each image; empty for a network without classes
 * @param guidance classifier-free guidance, for networks with classes
 * @param initialNoise unit normal x_T of every image, float32 N,C,H,W; drawn by Philox (draw 0) if absent
 * @param output where the images go
 * @param monitor follows the loop
 */
public record SamplingJob(
    StepTable table,
    long seed,
    long[] indices,
    int[] labels,
    Optional<Guidance> guidance,
    Optional<MemorySegment> initialNoise,
    Output output,
    RunMonitor monitor) {
  public SamplingJob {
    if (indices.length < 1) {
      throw new IllegalArgumentException("a sampling job needs at least one image");
    }
    if (labels.length != 0 && labels.length != indices.length) {
      throw new IllegalArgumentException(labels.length + " labels for " + indices.length + " images");
    }
    if (guidance.isPresent() && labels.length == 0) {
      throw new IllegalArgumentException("guidance needs a class-conditional network");
    }
  }

  /** Number of images. */
  public int images() {
    return indices.length;
  }

  /** Image-steps of the whole job. */
  public long imageSteps() {
    return (long) images() * table.rows().size();
  }

  /** What a backend throws when the monitor asked it to stop. */
  public CancellationException stopped(long imageStepsDone) {
    return new CancellationException(
        "sampling was stopped after " + imageStepsDone + " of " + imageSteps() + " image-steps");
  }

  /**
   * What a backend throws when a finished image is not finite.
   *
   * @param n the image's place in the job
   */
  public BackendException notFinite(int n, float value) {
    return new BackendException(
        "image " + indices[n] + " became " + value + " on the way: weights, schedule or guidance lead out of the range of"
            + " its numbers");
  }

  /** Labels that evaluations of this job need, ascending, each once; one 0 for a network without classes. */
  public int[] labelsInUse() {
    if (labels.length == 0) {
      return new int[] {0};
    }
    IntStream nulls = guidance.stream().mapToInt(Guidance::nullLabel);
    return IntStream.concat(Arrays.stream(labels), nulls).sorted().distinct().toArray();
  }

  /** Network evaluations per row of the table. */
  public int evaluationsPerStep() {
    return guidance.isPresent() ? 2 * images() : images();
  }
}
