package dev.unnoise.graph.run;

import dev.unnoise.graph.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The forward process: every level applied to every image, x = signal·x_0 + noise·ε.
 *
 * @param shape of one image
 * @param images number of images
 * @param input float32 N,C,H,W
 * @param levels how much signal and noise to mix
 * @param seed of the noise
 * @param firstIndex absolute index of the first image; the others follow
 * @param output float32, level by level, each N,C,H,W
 */
public record NoisingJob(
    Shape shape,
    int images,
    MemorySegment input,
    List<Level> levels,
    long seed,
    long firstIndex,
    MemorySegment output) {
  public NoisingJob {
    levels = List.copyOf(levels);
    if (images < 1 || levels.isEmpty()) {
      throw new IllegalArgumentException("noising needs at least one image and one level");
    }
  }

  /**
   * One amount of noise.
   *
   * @param signal factor of the image
   * @param noise factor of the noise
   * @param draw the Philox draw, an unsigned 32-bit number
   */
  public record Level(double signal, double noise, int draw) {}
}
