package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.kernel.PreparedWeights;
import dev.unnoise.backend.cpu.kernel.Recipes;
import dev.unnoise.backend.cpu.kernel.Region;
import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.plan.Plan;
import dev.unnoise.graph.plan.Planner;
import dev.unnoise.graph.plan.PoolLimits;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The conditioning graph, computed for a fixed number of rows at a time: as matrix products, and with the same
 * primitives however many rows are wanted.
 */
final class ConditioningLanes implements AutoCloseable {
  private static final int ROWS = 16;

  private final OneDnn oneDnn;
  private final Workers workers;
  private final Graph graph;
  private final Recipes recipes;
  private final Plan plan;
  private final Lane[] lanes;

  ConditioningLanes(OneDnn oneDnn, Workers workers, PreparedWeights weights, Graph graph, PoolLimits limits) {
    this.oneDnn = oneDnn;
    this.workers = workers;
    this.graph = graph;
    this.plan = Planner.plan(graph, ROWS, limits);
    this.lanes = new Lane[workers.count()];
    this.recipes = new Recipes(oneDnn, weights, graph, ROWS, workers.singleThreaded());
  }

  void run(float[] timesteps, float[] labels, float[] table) {
    int chunks = Math.ceilDiv(timesteps.length, ROWS);
    AtomicInteger next = new AtomicInteger();
    workers.run(
        Math.min(chunks, lanes.length),
        index -> {
          OneDnn.useThreads(1);
          if (lanes[index] == null) {
            lanes[index] = new Lane(oneDnn, recipes, plan, 1);
          }
          for (int chunk = next.getAndIncrement(); chunk < chunks; chunk = next.getAndIncrement()) {
            run(lanes[index], chunk * ROWS, timesteps, labels, table);
          }
        });
  }

  private void run(Lane lane, int first, float[] timesteps, float[] labels, float[] table) {
    int count = Math.min(ROWS, timesteps.length - first);
    Region numbers = lane.region(0, graph.input(Network.TIMESTEP));
    Optional<Region> classes =
        graph.inputs().stream()
            .filter(tensor -> tensor.name().equals(Network.LABEL))
            .findFirst()
            .map((Tensor tensor) -> lane.region(0, tensor));
    for (int row = 0; row < ROWS; row++) {
      // Rows beyond the last one wanted repeat it.
      int from = first + Math.min(row, count - 1);
      int at = row;
      numbers.set(at, 0, timesteps[from]);
      classes.ifPresent(region -> region.set(at, 0, labels[from]));
    }
    lane.run(1);
    Region output = lane.region(0, graph.output());
    output.read(0, count, table, first * output.channels(), output.channels());
  }

  @Override
  public void close() {
    for (Lane lane : lanes) {
      if (lane != null) {
        lane.close();
      }
    }
    recipes.close();
  }
}
