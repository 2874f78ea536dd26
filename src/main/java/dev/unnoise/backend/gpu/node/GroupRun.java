package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Tensor;
import java.util.Optional;

/**
 * Whole groups of a norm that are normalised together by group_norm_whole.kernel.
 *
 * @param channels of the run
 * @param vectors that hold them
 */
record GroupRun(int channels, int vectors) {
  /** Larger maps do not stay in a cache, and a group of work-items would have too much to do for itself. */
  private static final int LARGEST_MAP = 64 * 64;

  /** Sums of a run take this many channels at most, so that local memory holds them. */
  private static final int MOST_CHANNELS = 512;

  /** Vectors that a work-item takes side by side at most: it unrolls them. */
  private static final int MOST_VECTORS = 16;

  /** Bytes of a pixel that are worth fetching: several sectors of a card's memory. */
  private static final int LEAST_CHANNELS = 32;

  /** Bytes of local memory that a group of work-items takes at most: sums of a run by each, its means and variances. */
  static int localBytes(int items, int vectorWidth) {
    return Float.BYTES * (Math.max(items * vectorWidth, MOST_CHANNELS) + 2 * MOST_CHANNELS);
  }

  /** How to split a norm, if it can be computed in one launch. */
  static Optional<GroupRun> of(GroupNorm node, Traits traits) {
    int all = node.output().channels();
    int perGroup = all / node.groups();
    if (node.output().shape().pixels() > LARGEST_MAP || node.sources().size() > 2 || perGroup > MOST_CHANNELS) {
      return Optional.empty();
    }
    int width = traits.vectorWidth();
    int least = Math.min(all, Math.max(LEAST_CHANNELS, width));
    int found = Math.ceilDiv(least, perGroup) * perGroup;
    for (int channels = found; channels <= Math.min(all, MOST_CHANNELS / 4); channels += perGroup) {
      if (channels % width == 0) {
        found = channels;
        break;
      }
    }
    int vectors = Math.ceilDiv(found, width);
    boolean inRegisters = Math.ceilDiv(vectors, Math.min(vectors, traits.normItems())) <= MOST_VECTORS;
    return inRegisters ? Optional.of(new GroupRun(found, vectors)) : Optional.empty();
  }

  Launch launch(GroupNorm node, Programs programs, DeviceParameters parameters, Site site) {
    int items = programs.traits().normItems();
    int all = node.output().channels();
    KernelLaunch launch =
        programs.launch(
            KernelChoice.of(node, programs.choices()), "group_norm", items, (long) items * Math.ceilDiv(all, channels));
    GpuKernel kernel = launch.kernel();
    Tensor first = node.sources().getFirst();
    site.locate(first).to(kernel);
    (node.sources().size() == 2 ? site.locate(node.sources().get(1)) : Located.NOWHERE).to(kernel);
    kernel.integer(first.channels());
    site.locate(node.output()).to(kernel).integer(all).integer(Math.toIntExact(node.output().shape().pixels()));
    kernel
        .buffer(parameters.plain(node.weight()))
        .buffer(parameters.plain(node.bias()))
        .integer(all / node.groups())
        .integer(channels)
        .number(node.epsilon())
        .buffer(node.modulation().isPresent() ? site.conditioning() : null)
        .integer(site.conditioningWidth())
        .integer(node.modulation().map(m -> site.conditioningOffset(m.scale())).orElse(0))
        .integer(node.modulation().map(m -> site.conditioningOffset(m.shift())).orElse(0))
        .integer(node.activation().ordinal());
    return launch;
  }
}
