package dev.unnoise.graph.plan;

import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Tensor;
import java.util.List;
import java.util.Map;

/**
 * A graph with a place for every intermediate and output. Inputs are given from outside and have none.
 *
 * @param graph the graph, in execution order
 * @param batch images the places are made for
 * @param places by the tensor that owns the storage (see {@link Tensor#root()})
 * @param pools bytes of each pool
 */
public record Plan(Graph graph, int batch, Map<Tensor, Place> places, List<Long> pools) {
  public Plan {
    places = Map.copyOf(places);
    pools = List.copyOf(pools);
  }

  /** Bytes of all pools. */
  public long bytes() {
    return pools.stream().mapToLong(Long::longValue).sum();
  }

  /**
   * The place of a tensor's storage.
   *
   * @throws IllegalArgumentException for an input
   */
  public Place place(Tensor tensor) {
    Place place = places.get(tensor.root());
    if (place == null) {
      throw new IllegalArgumentException(tensor.name() + " has no place in the plan of " + graph.name());
    }
    return place;
  }
}
