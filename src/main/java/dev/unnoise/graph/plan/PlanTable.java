package dev.unnoise.graph.plan;

import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A plan as text: one line a node with its shapes, its place, its FLOP and the bytes it moves. */
public final class PlanTable {
  private PlanTable() {}

  /** The lines of the table, a heading first. FLOP and bytes are of the plan's whole batch. */
  public static List<String> lines(Plan plan) {
    int nameWidth =
        Math.max(5, plan.graph().nodes().stream().mapToInt(node -> node.name().length()).max().orElse(0));
    String row = "%-" + nameWidth + "s  %-15s  %-24s  %-12s  %-26s  %9s  %9s";
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(Locale.ROOT, row, "layer", "node", "inputs", "output", "place (pool:from…to bytes)", "MFLOP", "KiB")
            .stripTrailing());
    for (Node node : plan.graph().nodes()) {
      Cost cost = Cost.of(node);
      lines.add(
          String.format(
                  Locale.ROOT,
                  row,
                  node.name(),
                  node.kind(),
                  node.inputs().stream().map(PlanTable::extent).collect(Collectors.joining(" ")),
                  extent(node.output()),
                  place(plan, node.output()),
                  String.format(Locale.ROOT, "%.3f", cost.flop(plan.batch()) / 1e6),
                  String.format(Locale.ROOT, "%.1f", cost.bytes(plan.batch()) / 1024.0))
              .stripTrailing());
    }
    return lines;
  }

  private static String extent(Tensor tensor) {
    return tensor.shape().pixels() == 1 ? "[" + tensor.channels() + "]" : tensor.shape().toString();
  }

  private static String place(Plan plan, Tensor tensor) {
    Place place = plan.place(tensor);
    String text = place.pool() + ":" + place.offset() + "…" + (place.offset() + place.bytes());
    return tensor.root().equals(tensor) ? text : text + " +" + tensor.channelOffset();
  }
}
