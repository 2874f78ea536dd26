package dev.unnoise.graph.pass;

import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Upsample;
import java.util.ArrayList;
import java.util.List;

/** Undoes {@link FuseUpsampling}, for backends whose convolutions read what is stored. */
public final class SplitUpsampling implements Pass {
  @Override
  public Network apply(Network network) {
    Graph graph = network.denoiser();
    List<Node> nodes = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node instanceof Convolution convolution && convolution.upsampled()) {
        String name = convolution.name() + ".upsampled";
        Tensor large = Tensor.dense(name, Upsample.infer(convolution.source()));
        nodes.add(new Upsample(name, convolution.source(), large));
        nodes.add(convolution.reading(large, false));
      } else {
        nodes.add(node);
      }
    }
    return network.withDenoiser(graph.withNodes(nodes));
  }
}
