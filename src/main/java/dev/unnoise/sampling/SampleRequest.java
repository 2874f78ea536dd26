package dev.unnoise.sampling;

import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.StepTable;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Images to sample.
 *
 * @param table the sampler
 * @param count number of images
 * @param batch images at once
 * @param seed of every random number
 * @param firstIndex absolute index of the first image, at least 0: with the seed, all that noise depends on
 * @param labels classes, for networks with classes
 * @param guidance classifier-free guidance, for networks with classes
 * @param initialNoise unit normal x_T of every image, float32 N,C,H,W; drawn if absent
 * @param form what images come back as
 * @param monitor follows the loop
 */
public record SampleRequest(
    StepTable table,
    long count,
    int batch,
    long seed,
    long firstIndex,
    Labels labels,
    Optional<Guidance> guidance,
    Optional<MemorySegment> initialNoise,
    Output.Form form,
    RunMonitor monitor) {
  public SampleRequest {
    if (count < 1 || batch < 1 || firstIndex < 0) {
      throw new IllegalArgumentException("count and batch must be at least 1, the first index at least 0");
    }
  }

  /**
   * Images of a network without classes, as bytes for pictures, all in one batch, from seed 0.
   */
  public static SampleRequest of(StepTable table, int count) {
    return new SampleRequest(
        table,
        count,
        count,
        0,
        0,
        Labels.NONE,
        Optional.empty(),
        Optional.empty(),
        Output.Form.UINT8_HWC,
        RunMonitor.NONE);
  }

  /** So many images at once; what an image looks like does not depend on it. */
  public SampleRequest inBatchesOf(int images) {
    return new SampleRequest(
        table, count, images, seed, firstIndex, labels, guidance, initialNoise, form, monitor);
  }

  /** Images from {@code first} on of another seed. */
  public SampleRequest numbered(long newSeed, long first) {
    return new SampleRequest(table, count, batch, newSeed, first, labels, guidance, initialNoise, form, monitor);
  }

  /** With classes, and guidance towards them if there is any. */
  public SampleRequest labelled(Labels classes, Optional<Guidance> towards) {
    return new SampleRequest(table, count, batch, seed, firstIndex, classes, towards, initialNoise, form, monitor);
  }

  /** With images in another form. */
  public SampleRequest as(Output.Form other) {
    return new SampleRequest(
        table, count, batch, seed, firstIndex, labels, guidance, initialNoise, other, monitor);
  }

  /** Followed by a monitor. */
  public SampleRequest followedBy(RunMonitor follower) {
    return new SampleRequest(
        table, count, batch, seed, firstIndex, labels, guidance, initialNoise, form, follower);
  }
}
