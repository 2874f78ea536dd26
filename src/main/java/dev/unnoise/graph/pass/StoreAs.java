package dev.unnoise.graph.pass;

import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Layout;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The denoiser's activations are stored in another type. Timesteps and the conditioning stay as they are, and so does
 * the network's output if a product writes it: products sum in single precision anyway, and the reverse step multiplies
 * rounding errors of the output by up to √((1-ᾱ)/ᾱ).
 *
 * @param type of the activations
 */
public record StoreAs(DataType type) implements Pass {
  @Override
  public Network apply(Network network) {
    if (type == DataType.F32) {
      return network;
    }
    Graph graph = network.denoiser();
    Set<Tensor> kept =
        graph.inputs().stream().filter(input -> !input.name().equals(Network.SAMPLE)).collect(Collectors.toSet());
    graph.nodes().stream()
        .filter(Product.class::isInstance)
        .map(Node::output)
        .filter(graph.outputs()::contains)
        .forEach(kept::add);
    Map<Tensor, Tensor> stored = new HashMap<>();
    List<Tensor> inputs = graph.inputs().stream().map(tensor -> stored(tensor, kept, stored)).toList();
    List<Node> nodes =
        graph.nodes().stream()
            .map(
                node ->
                    node.withTensors(
                        node.inputs().stream().map(tensor -> stored(tensor, kept, stored)).toList(),
                        stored(node.output(), kept, stored)))
            .toList();
    List<Tensor> outputs = graph.outputs().stream().map(tensor -> stored(tensor, kept, stored)).toList();
    return network.withDenoiser(new Graph(graph.name(), inputs, nodes, outputs));
  }

  private Tensor stored(Tensor tensor, Set<Tensor> kept, Map<Tensor, Tensor> stored) {
    if (kept.contains(tensor.root())) {
      return tensor;
    }
    Tensor known = stored.get(tensor);
    if (known == null) {
      Layout layout =
          switch (tensor.layout()) {
            case Layout.Own own -> own;
            case Layout.Slice slice -> new Layout.Slice(stored(slice.of(), kept, stored), slice.channelOffset());
          };
      known = new Tensor(tensor.name(), tensor.shape(), type, layout);
      stored.put(tensor, known);
    }
    return known;
  }
}
