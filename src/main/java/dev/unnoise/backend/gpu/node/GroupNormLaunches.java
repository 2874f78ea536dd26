package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.plan.Cost;
import java.util.List;

/** Group normalisation by the kernels of group_norm.kernel. */
final class GroupNormLaunches {
  private final GroupNorm node;
  private final Programs programs;
  private final DeviceParameters parameters;
  private final Site site;
  private final List<Launch> list;
  private final int channels;
  private final int perGroup;
  private final int pixels;
  private final int chunks;

  private GroupNormLaunches(
      GroupNorm node, Programs programs, DeviceParameters parameters, Site site, List<Launch> list) {
    this.node = node;
    this.programs = programs;
    this.parameters = parameters;
    this.site = site;
    this.list = list;
    this.channels = node.output().channels();
    this.perGroup = channels / node.groups();
    this.pixels = Math.toIntExact(node.output().shape().pixels());
    this.chunks = Math.ceilDiv(pixels, Launches.PIXEL_CHUNK);
  }

  static void add(GroupNorm node, Programs programs, DeviceParameters parameters, Site site, List<Launch> list) {
    new GroupNormLaunches(node, programs, parameters, site, list).add();
  }

  /** Floats of an image that the partial sums of a norm take. */
  static long partialSums(GroupNorm node) {
    return Math.ceilDiv(node.output().shape().pixels(), Launches.PIXEL_CHUNK) * node.output().channels();
  }

  private void add() {
    GpuBuffer partial = site.statistics().partialSums();
    GpuBuffer means = site.statistics().means();
    GpuBuffer inverses = site.statistics().inverseDeviations();
    sums(partial, null);
    statistics(partial, means, -1);
    sums(partial, means);
    statistics(partial, inverses, node.epsilon());
    int first = 0;
    for (Tensor source : node.sources()) {
      normalize(source, first, means, inverses);
      first += source.channels();
    }
  }

  private GpuKernel kernel(String name, Cost cost, long... items) {
    KernelSource program = KernelChoice.of(node, programs.choices());
    KernelLaunch launch = programs.launch(program, name, programs.traits().itemsPerGroup(), items).costing(cost);
    list.add(launch);
    return launch.kernel();
  }

  private GpuKernel kernel(String name, Cost cost, Tensor source) {
    GpuKernel kernel = kernel(name, cost, Math.ceilDiv(source.channels(), programs.traits().vectorWidth()), chunks);
    site.locate(source).to(kernel);
    return kernel.integer(source.channels()).integer(pixels);
  }

  private void sums(GpuBuffer partial, GpuBuffer means) {
    int first = 0;
    for (Tensor source : node.sources()) {
      // One sum a channel and chunk, of numbers or of deviations from means.
      long sums = (long) Float.BYTES * (chunks * source.channels() + (means == null ? 0 : node.groups()));
      kernel("channel_sums", Cost.ofBytes(Cost.bytes(source) + sums, 0), source)
          .buffer(partial)
          .integer(first)
          .integer(channels)
          .integer(Launches.PIXEL_CHUNK)
          .integer(chunks)
          .buffer(means)
          .integer(perGroup);
      first += source.channels();
    }
  }

  private void statistics(GpuBuffer partial, GpuBuffer result, double epsilon) {
    Cost cost = Cost.ofBytes(Float.BYTES * (partialSums(node) + node.groups()), 0);
    kernel("group_statistics", cost, node.groups())
        .buffer(partial)
        .buffer(result)
        .integer(channels)
        .integer(perGroup)
        .integer(chunks)
        .integer(pixels)
        .number(epsilon);
  }

  private void normalize(Tensor source, int first, GpuBuffer means, GpuBuffer inverses) {
    boolean modulated = node.modulation().isPresent();
    long results = source.shape().elements() * node.output().type().bytes();
    long statistics = 2L * Float.BYTES * node.groups();
    long vectors = 2L * Float.BYTES * source.channels();
    Cost cost = Cost.ofBytes(Cost.bytes(source) + results + statistics + (modulated ? vectors : 0), vectors);
    GpuKernel kernel = kernel("normalize_groups", cost, source);
    site.locate(node.output()).to(kernel);
    kernel
        .buffer(parameters.plain(node.weight()))
        .buffer(parameters.plain(node.bias()))
        .buffer(means)
        .buffer(inverses)
        .integer(first)
        .integer(node.groups())
        .integer(perGroup)
        .integer(Launches.PIXEL_CHUNK)
        .buffer(modulated ? site.conditioning() : null)
        .integer(site.conditioningWidth())
        .integer(node.modulation().map(m -> site.conditioningOffset(m.scale())).orElse(0))
        .integer(node.modulation().map(m -> site.conditioningOffset(m.shift())).orElse(0))
        .integer(node.activation().ordinal());
  }
}
