package dev.unnoise.graph.run;

import dev.unnoise.graph.Shape;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * The forward process: x = signal·x_0 + noise·ε.
 *
 * @param shape of one image
 * @param images number of images
 * @param input float32 N,C,H,W
 * @param levels how much signal and noise to mix
 * @param seed of the noise
 * @param firstIndex absolute index of the first image; the others follow
 * @param output float32 N,C,H,W; of {@link Levels.Every} one such block after another, level by level
 */
public record NoisingJob(
    Shape shape,
    int images,
    MemorySegment input,
    Levels levels,
    long seed,
    long firstIndex,
    MemorySegment output) {
  public NoisingJob {
    if (images < 1) {
      throw new IllegalArgumentException("noising needs at least one image");
    }
    if (levels instanceof Levels.Own(List<Level> own) && own.size() != images) {
      throw new IllegalArgumentException(own.size() + " levels for " + images + " images");
    }
  }

  /** How often each image is made noisy. */
  public int rounds() {
    return levels instanceof Levels.Every(List<Level> every) ? every.size() : 1;
  }

  /**
   * One amount of noise.
   *
   * @param signal factor of the image
   * @param noise factor of the noise
   * @param draw the Philox draw, an unsigned 32-bit number
   */
  public record Level(double signal, double noise, int draw) {}

  /** Which image gets which level. */
  public sealed interface Levels {
    /** The levels, in order. */
    List<Level> list();

    /** Every image gets every level. */
    record Every(List<Level> list) implements Levels {
      public Every {
        list = nonempty(list);
      }
    }

    /** Each image gets its own level: the k-th image the k-th. */
    record Own(List<Level> list) implements Levels {
      public Own {
        list = nonempty(list);
      }
    }

    private static List<Level> nonempty(List<Level> list) {
      if (list.isEmpty()) {
        throw new IllegalArgumentException("noising needs at least one level");
      }
      return List.copyOf(list);
    }
  }

  /** The level of an image in a round. */
  public Level level(int round, int image) {
    return levels.list().get(levels instanceof Levels.Own ? image : round);
  }
}
