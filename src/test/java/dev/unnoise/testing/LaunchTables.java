package dev.unnoise.testing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.plan.Cost;
import dev.unnoise.graph.run.LaunchTime;
import java.util.List;

/** What has to be true of a table of time per launch, whatever computes. */
public final class LaunchTables {
  private LaunchTables() {}

  /**
   * Compares a table with what was lowered.
   *
   * @param denoiser as it lies on the device
   * @param evaluations of a step
   * @return the lines of the network, those of the sampler left out
   */
  public static List<LaunchTime> require(List<LaunchTime> table, Graph denoiser, int evaluations) {
    for (LaunchTime launch : table) {
      assertTrue(launch.nanos() > 0, launch.toString());
      assertFalse(launch.by().isEmpty() || launch.shape().contains(" "), launch.toString());
    }
    List<LaunchTime> ofNetwork = table.stream().filter(one -> !one.kind().equals(LaunchTime.SAMPLING)).toList();
    assertEquals(
        denoiser.nodes().stream().map(Node::name).toList(),
        ofNetwork.stream().map(LaunchTime::node).distinct().toList());
    for (Node node : denoiser.nodes()) {
      List<LaunchTime> parts = ofNetwork.stream().filter(one -> one.node().equals(node.name())).toList();
      long bytes = parts.stream().mapToLong(LaunchTime::bytes).sum();
      long least = Cost.of(node).bytes(evaluations);
      assertTrue(parts.size() == 1 ? bytes == least : bytes > least, node + ": " + bytes + " bytes, at least " + least);
    }
    return ofNetwork;
  }

  /** Floating-point operations of all lines. */
  public static long flop(List<LaunchTime> table) {
    return table.stream().mapToLong(LaunchTime::flop).sum();
  }
}
