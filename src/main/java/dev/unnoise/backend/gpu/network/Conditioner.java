package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.node.DeviceParameters;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.plan.Plan;
import dev.unnoise.graph.plan.Planner;
import dev.unnoise.graph.plan.PoolLimits;

/** The conditioning graph, computed on the device for a fixed number of rows at a time. */
final class Conditioner implements AutoCloseable {
  private static final int ROWS = 64;

  private final Gpu context;
  private final Network network;
  private final long bytes;
  private final BoundGraph bound;

  Conditioner(
      Gpu context, Programs programs, DeviceParameters parameters, Network network, PoolLimits limits) {
    this.context = context;
    this.network = network;
    Graph graph = network.conditioning();
    Plan plan = Planner.plan(graph, ROWS, limits);
    this.bytes = BoundGraph.bytes(programs, plan, 1, ROWS);
    this.bound = new BoundGraph(context, programs, parameters, plan, 1, ROWS);
  }

  /** Bytes of memory that it takes, parameters left out. */
  long bytes() {
    return bytes;
  }

  /**
   * Fills a table with rows of the conditioning, one after another.
   *
   * @param labels one per row; ignored by networks without classes
   */
  void fill(float[] timesteps, float[] labels, GpuBuffer table) {
    Graph graph = network.conditioning();
    Located output = bound.locate(graph.output());
    long rowBytes = (long) Float.BYTES * network.conditioningWidth();
    for (int first = 0; first < timesteps.length; first += ROWS) {
      int count = Math.min(ROWS, timesteps.length - first);
      context.write(bound.input(graph.input(Network.TIMESTEP)), rows(timesteps, first));
      if (network.labelled()) {
        context.write(bound.input(graph.input(Network.LABEL)), rows(labels, first));
      }
      bound.enqueue(1);
      context.copy(output.buffer(), Float.BYTES * output.offset(), table, first * rowBytes, count * rowBytes);
    }
  }

  /** Rows beyond the last one wanted repeat it: every row is computed, so each must be a number there is a row for. */
  private static float[] rows(float[] all, int first) {
    float[] rows = new float[ROWS];
    for (int i = 0; i < ROWS; i++) {
      rows[i] = all[Math.min(first + i, all.length - 1)];
    }
    return rows;
  }

  @Override
  public void close() {
    bound.close();
  }
}
