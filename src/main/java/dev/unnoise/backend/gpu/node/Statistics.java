package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GroupNorm;
import java.util.List;

/** What group norms keep between their launches, for a number of images. Norms run one after another and share it. */
public record Statistics(GpuBuffer partialSums, GpuBuffer means, GpuBuffer inverseDeviations) implements AutoCloseable {

  /** Enough for every norm of a graph that takes several launches. */
  public static Statistics of(Gpu context, Traits traits, Graph graph, int images) {
    GpuBuffer partial = context.allocate(partialBytes(traits, graph, images));
    try {
      GpuBuffer means = context.allocate(groupBytes(traits, graph, images));
      try {
        return new Statistics(partial, means, context.allocate(groupBytes(traits, graph, images)));
      } catch (RuntimeException e) {
        Closing.after(e, means::close);
        throw e;
      }
    } catch (RuntimeException e) {
      Closing.after(e, partial::close);
      throw e;
    }
  }

  /** Bytes that {@link #of} would take. */
  public static long bytes(Traits traits, Graph graph, int images) {
    return partialBytes(traits, graph, images) + 2 * groupBytes(traits, graph, images);
  }

  private static long partialBytes(Traits traits, Graph graph, int images) {
    return Float.BYTES * images * norms(traits, graph).stream().mapToLong(GroupNormLaunches::partialSums).max().orElse(0);
  }

  private static long groupBytes(Traits traits, Graph graph, int images) {
    return (long) Float.BYTES * images * norms(traits, graph).stream().mapToInt(GroupNorm::groups).max().orElse(0);
  }

  private static List<GroupNorm> norms(Traits traits, Graph graph) {
    return graph.nodes().stream()
        .filter(GroupNorm.class::isInstance)
        .map(GroupNorm.class::cast)
        .filter(norm -> GroupRun.of(norm, traits).isEmpty())
        .toList();
  }

  @Override
  public void close() {
    Closing.inOrder(partialSums::close, means::close, inverseDeviations::close);
  }
}
