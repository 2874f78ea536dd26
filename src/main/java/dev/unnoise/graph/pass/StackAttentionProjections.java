package dev.unnoise.graph.pass;

import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The query, key and value projections of one attention become one linear layer; the three are its slices. */
public final class StackAttentionProjections implements Pass {
  @Override
  public Network apply(Network network) {
    Graph graph = network.denoiser();
    Uses uses = new Uses(graph);
    Map<Tensor, Node> producers = graph.producers();
    Map<Node, List<Node>> replacements = new HashMap<>();
    Set<Node> absorbed = new HashSet<>();
    for (Node node : graph.nodes()) {
      if (node instanceof Attention attention) {
        List<Linear> projections = projections(attention, producers, uses);
        if (projections.size() == 3) {
          absorbed.addAll(projections);
          replacements.put(attention, stack(attention, projections));
        }
      }
    }
    List<Node> nodes = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (!absorbed.contains(node)) {
        nodes.addAll(replacements.getOrDefault(node, List.of(node)));
      }
    }
    return network.withDenoiser(graph.withNodes(nodes));
  }

  private static List<Linear> projections(Attention attention, Map<Tensor, Node> producers, Uses uses) {
    List<Linear> found = new ArrayList<>();
    for (Tensor tensor : attention.inputs()) {
      if (producers.get(tensor) instanceof Linear linear
          && uses.soleReader(tensor).isPresent()
          && linear.epilogue().equals(Epilogue.NONE)
          && linear.bias().isPresent()
          && (found.isEmpty() || found.getFirst().source().equals(linear.source()))
          && !found.contains(linear)) {
        found.add(linear);
      }
    }
    return found;
  }

  private static List<Node> stack(Attention attention, List<Linear> projections) {
    String layer = attention.name() + ".to_qkv";
    int width = attention.query().channels();
    List<Parameter> weights = new ArrayList<>();
    List<Parameter> biases = new ArrayList<>();
    for (Linear projection : projections) {
      weights.add(projection.weight());
      biases.add(projection.bias().orElseThrow());
    }
    Tensor source = projections.getFirst().source();
    Tensor stacked = Tensor.dense(layer, source.shape().withChannels(3 * width));
    List<Tensor> slices = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      slices.add(stacked.slice(attention.inputs().get(i).name(), i * width, width));
    }
    Linear linear =
        new Linear(
            layer,
            source,
            new Parameter.Stacked(weights),
            Optional.of(new Parameter.Stacked(biases)),
            Epilogue.NONE,
            stacked);
    return List.of(linear, attention.withTensors(slices, attention.output()));
  }
}
