package dev.unnoise.graph.pass;

import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Upsample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A convolution that alone reads an upsampled tensor reads the small one instead, each pixel four times. */
public final class FuseUpsampling implements Pass {
  @Override
  public Network apply(Network network) {
    Graph graph = network.denoiser();
    Uses uses = new Uses(graph);
    Map<Tensor, Tensor> small = new HashMap<>();
    List<Node> nodes = new ArrayList<>();
    for (Node node : graph.nodes()) {
      switch (node) {
        case Upsample upsample
            when uses.soleReader(upsample.output()).orElse(null) instanceof Convolution reader
                && reader.source().equals(upsample.output())
                && !reader.upsampled() ->
            small.put(upsample.output(), upsample.source());
        case Convolution convolution when small.containsKey(convolution.source()) ->
            nodes.add(convolution.reading(small.get(convolution.source()), true));
        default -> nodes.add(node);
      }
    }
    return network.withDenoiser(graph.withNodes(nodes));
  }
}
