package dev.unnoise.graph.pass;

import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Layout;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Who reads each tensor of a graph: reading a slice is reading what it was cut from, and the other way round. */
final class Uses {
  private final Map<Tensor, List<Node>> readers = new HashMap<>();
  private final Map<Tensor, List<Node>> direct = new HashMap<>();
  private final Set<Tensor> kept = new HashSet<>();

  Uses(Graph graph) {
    for (Node node : graph.nodes()) {
      for (Tensor input : new HashSet<>(node.inputs())) {
        direct.computeIfAbsent(input, key -> new ArrayList<>()).add(node);
        for (Tensor at = input; ; at = ((Layout.Slice) at.layout()).of()) {
          readers.computeIfAbsent(at, key -> new ArrayList<>()).add(node);
          if (!(at.layout() instanceof Layout.Slice)) {
            break;
          }
        }
      }
    }
    graph.outputs().forEach(output -> kept.add(output.root()));
  }

  /** The nodes that read a tensor or a part of it. */
  List<Node> readers(Tensor tensor) {
    Set<Node> nodes = new LinkedHashSet<>(readers.getOrDefault(tensor, List.of()));
    for (Tensor at = tensor; at.layout() instanceof Layout.Slice slice; at = slice.of()) {
      nodes.addAll(direct.getOrDefault(slice.of(), List.of()));
    }
    return List.copyOf(nodes);
  }

  /** Whether the tensor outlives the graph. */
  boolean outlives(Tensor tensor) {
    return kept.contains(tensor.root());
  }

  /** The only reader of a tensor that does not outlive the graph. */
  Optional<Node> soleReader(Tensor tensor) {
    List<Node> nodes = readers(tensor);
    return nodes.size() == 1 && !outlives(tensor) ? Optional.of(nodes.getFirst()) : Optional.empty();
  }
}
