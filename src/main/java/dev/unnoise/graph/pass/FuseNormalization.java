package dev.unnoise.graph.pass;

import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Activation;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** GroupNorm, the modulation after it and the activation after that become one node. */
public final class FuseNormalization implements Pass {
  @Override
  public Network apply(Network network) {
    Graph graph = network.denoiser();
    Uses uses = new Uses(graph);
    Map<Node, Node> replacements = new HashMap<>();
    Set<Node> absorbed = new HashSet<>();
    for (Node node : graph.nodes()) {
      if (node instanceof GroupNorm norm) {
        Node last = norm;
        GroupNorm fused = norm;
        Optional<Node> next = uses.soleReader(fused.output());
        while (next.isPresent()) {
          Optional<GroupNorm> larger = absorb(fused, next.get());
          if (larger.isEmpty()) {
            break;
          }
          fused = larger.get();
          absorbed.add(last);
          last = next.get();
          next = uses.soleReader(fused.output());
        }
        replacements.put(last, fused);
      }
    }
    List<Node> nodes =
        graph.nodes().stream()
            .filter(node -> !absorbed.contains(node))
            .map(node -> replacements.getOrDefault(node, node))
            .toList();
    return network.withDenoiser(graph.withNodes(nodes));
  }

  private static Optional<GroupNorm> absorb(GroupNorm norm, Node next) {
    if (norm.activation() != Activation.IDENTITY) {
      return Optional.empty();
    }
    return switch (next) {
      case Modulate modulate when norm.modulation().isEmpty() && modulate.source().equals(norm.output()) ->
          Optional.of(
              norm.withModulation(
                  new GroupNorm.Modulation(modulate.scale(), modulate.shift()), modulate.output()));
      case Activate activate -> Optional.of(norm.withActivation(activate.activation(), activate.output()));
      default -> Optional.empty();
    };
  }
}
