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
}
