package dev.unnoise.graph.pass;

import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Layout;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Concatenations by layout: the parts are written straight into the whole, as runs of its channels, and the copying
 * node disappears. A part that belongs to another concatenation already, or comes from outside, keeps its copy.
 */
public final class ConcatenateInPlace implements Pass {
  @Override
  public Network apply(Network network) {
    Graph graph = network.denoiser();
    Map<Tensor, Node> producers = graph.producers();
    Map<Tensor, Tensor> moved = new HashMap<>();
    List<Node> kept = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node instanceof Concatenate concatenate && movable(concatenate, producers, moved)) {
        int offset = 0;
        for (Tensor part : concatenate.sources()) {
          moved.put(part, concatenate.output().slice(part.name(), offset, part.channels()));
          offset += part.channels();
        }
      } else {
        kept.add(node);
      }
    }
    List<Node> nodes = kept.stream().map(node -> substitute(node, moved)).toList();
    return network.withDenoiser(graph.withNodes(nodes));
  }

  private static boolean movable(
      Concatenate concatenate, Map<Tensor, Node> producers, Map<Tensor, Tensor> moved) {
    List<Tensor> parts = concatenate.sources();
    return parts.stream().distinct().count() == parts.size()
        && parts.stream()
            .allMatch(
                part ->
                    producers.get(part) instanceof Node producer
                        && !(producer instanceof Concatenate)
                        && part.layout() instanceof Layout.Own
                        && !moved.containsKey(part));
  }

  private static Node substitute(Node node, Map<Tensor, Tensor> moved) {
    List<Tensor> inputs = node.inputs().stream().map(tensor -> moved.getOrDefault(tensor, tensor)).toList();
    return node.withTensors(inputs, moved.getOrDefault(node.output(), node.output()));
  }
}
