package dev.unnoise.graph.pass;

import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The additions after a convolution or linear layer (time projection, residual, scale) become its epilogue. The
 * fused node takes the place of the last addition, where everything it reads has been computed.
 */
public final class FuseEpilogues implements Pass {
  @Override
  public Network apply(Network network) {
    Graph graph = network.denoiser();
    List<Node> nodes = new ArrayList<>();
    Map<Tensor, Integer> position = new HashMap<>();
    Uses uses = new Uses(graph);
    for (Node node : graph.nodes()) {
      Node placed = node;
      switch (node) {
        case AddConditioning add -> {
          Optional<Node> producer = takeProducer(nodes, position, uses, add.source());
          if (producer.isPresent()) {
            placed = withConditioning(producer.get(), add);
          }
        }
        case Add add -> {
          for (Tensor hidden : List.of(add.right(), add.left())) {
            Tensor residual = hidden.equals(add.right()) ? add.left() : add.right();
            Optional<Node> producer =
                hidden.equals(residual) ? Optional.empty() : takeProducer(nodes, position, uses, hidden);
            if (producer.isPresent()) {
              placed = withResidual(producer.get(), residual, add);
              break;
            }
          }
        }
        default -> {}
      }
      position.put(placed.output(), nodes.size());
      nodes.add(placed);
    }
    nodes.removeIf(node -> node == null);
    return network.withDenoiser(graph.withNodes(nodes));
  }

  /** Removes the product that writes {@code tensor} for its only reader, if it can still take a residual. */
  private static Optional<Node> takeProducer(
      List<Node> nodes, Map<Tensor, Integer> position, Uses uses, Tensor tensor) {
    Integer at = position.get(tensor);
    if (at == null || uses.soleReader(tensor).isEmpty()) {
      return Optional.empty();
    }
    Node producer = nodes.get(at);
    boolean open =
        switch (producer) {
          case Convolution convolution -> convolution.epilogue().residual().isEmpty();
          case Linear linear -> linear.epilogue().residual().isEmpty();
          default -> false;
        };
    if (!open) {
      return Optional.empty();
    }
    nodes.set(at, null);
    return Optional.of(producer);
  }

  private static Node withConditioning(Node producer, AddConditioning add) {
    return switch (producer) {
      case Convolution convolution ->
          convolution.withEpilogue(convolution.epilogue().withConditioning(add.conditioning()), add.output());
      case Linear linear ->
          linear.withEpilogue(linear.epilogue().withConditioning(add.conditioning()), add.output());
      default -> throw new IllegalStateException(producer.kind());
    };
  }

  private static Node withResidual(Node producer, Tensor residual, Add add) {
    return switch (producer) {
      case Convolution convolution ->
          convolution.withEpilogue(withResidual(convolution.epilogue(), residual, add), add.output());
      case Linear linear ->
          linear.withEpilogue(withResidual(linear.epilogue(), residual, add), add.output());
      default -> throw new IllegalStateException(producer.kind());
    };
  }

  private static Epilogue withResidual(Epilogue epilogue, Tensor residual, Add add) {
    return epilogue.withResidual(residual, add.scale());
  }
}
