package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClBuffer;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GroupNorm;
import java.util.List;

/** What group norms keep between their launches, for a number of images. Norms run one after another and share it. */
public record Statistics(ClBuffer partialSums, ClBuffer means, ClBuffer inverseDeviations) implements AutoCloseable {

  /** Enough for every norm of a graph. */
  public static Statistics of(ClContext context, Graph graph, int images) {
    ClBuffer partial = context.allocate(partialBytes(graph, images));
    try {
      ClBuffer means = context.allocate(groupBytes(graph, images));
      try {
        return new Statistics(partial, means, context.allocate(groupBytes(graph, images)));
      } catch (RuntimeException e) {
        means.close();
        throw e;
      }
    } catch (RuntimeException e) {
      partial.close();
      throw e;
    }
  }

  /** Bytes that {@link #of} would take. */
  public static long bytes(Graph graph, int images) {
    return partialBytes(graph, images) + 2 * groupBytes(graph, images);
  }

  private static long partialBytes(Graph graph, int images) {
    return Float.BYTES * images * norms(graph).stream().mapToLong(GroupNormLaunches::partialSums).max().orElse(0);
  }

  private static long groupBytes(Graph graph, int images) {
    return (long) Float.BYTES * images * norms(graph).stream().mapToInt(GroupNorm::groups).max().orElse(0);
  }

  private static List<GroupNorm> norms(Graph graph) {
    return graph.nodes().stream().filter(GroupNorm.class::isInstance).map(GroupNorm.class::cast).toList();
  }

  @Override
  public void close() {
    partialSums.close();
    means.close();
    inverseDeviations.close();
  }
}
