package dev.unnoise.graph.pass;

import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

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
          Optional<Product> producer =
              takeProducer(nodes, position, uses, add.source(), epilogue -> epilogue.conditioning().isEmpty());
          if (producer.isPresent()) {
            placed = withConditioning(producer.get(), add);
          }
        }
        case Add add -> {
          for (Tensor hidden : List.of(add.right(), add.left())) {
            Tensor residual = hidden.equals(add.right()) ? add.left() : add.right();
            Optional<Product> producer =
                hidden.equals(residual) ? Optional.empty() : takeProducer(nodes, position, uses, hidden, epilogue -> true);
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

  /** Removes the product that writes {@code tensor} for its only reader, if its epilogue can still take something. */
  private static Optional<Product> takeProducer(
      List<Node> nodes, Map<Tensor, Integer> position, Uses uses, Tensor tensor, Predicate<Epilogue> open) {
    Integer at = position.get(tensor);
    if (at != null
        && uses.soleReader(tensor).isPresent()
        && nodes.get(at) instanceof Product product
        && product.epilogue().residual().isEmpty()
        && open.test(product.epilogue())) {
      nodes.set(at, null);
      return Optional.of(product);
    }
    return Optional.empty();
  }

  private static Product withConditioning(Product product, AddConditioning add) {
    return product.withEpilogue(product.epilogue().withConditioning(add.conditioning()), add.output());
  }

  private static Product withResidual(Product product, Tensor residual, Add add) {
    return product.withEpilogue(product.epilogue().withResidual(residual, add.scale()), add.output());
  }
}
