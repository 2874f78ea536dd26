package dev.unnoise.graph.pass;

import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Layout;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A convolution that adds a time projection gives its own bias to the projection's bias: one addition fewer in the
 * loop, and the row of the conditioning table is the convolution's bias vector.
 */
public final class FoldBiases implements Pass {
  @Override
  public Network apply(Network network) {
    Map<Integer, Linear> projectionAt = new HashMap<>();
    for (Node node : network.conditioning().nodes()) {
      if (node instanceof Linear linear
          && linear.output().layout() instanceof Layout.Slice
          && linear.bias().isPresent()) {
        projectionAt.put(linear.output().channelOffset(), linear);
      }
    }
    Graph denoiser = network.denoiser();
    Uses uses = new Uses(denoiser);
    Map<Linear, Parameter> extra = new HashMap<>();
    List<Node> nodes =
        denoiser.nodes().stream()
            .map(
                node -> {
                  if (node instanceof Convolution convolution
                      && convolution.bias().isPresent()
                      && convolution.epilogue().conditioning().orElse(null) instanceof Tensor slice
                      && uses.readers(slice).size() == 1
                      && projectionAt.get(slice.channelOffset()) instanceof Linear projection
                      && projection.output().channels() == slice.channels()
                      && !extra.containsKey(projection)) {
                    extra.put(projection, convolution.bias().get());
                    return convolution.withBias(Optional.empty());
                  }
                  return node;
                })
            .toList();
    List<Node> conditioning =
        network.conditioning().nodes().stream()
            .map(node -> node instanceof Linear linear && extra.containsKey(linear) ? fold(linear, extra) : node)
            .toList();
    return new Network(network.conditioning().withNodes(conditioning), denoiser.withNodes(nodes));
  }

  private static Node fold(Linear linear, Map<Linear, Parameter> extra) {
    Parameter bias = new Parameter.Sum(linear.bias().orElseThrow(), extra.get(linear));
    return new Linear(
        linear.name(), linear.source(), linear.weight(), Optional.of(bias), Epilogue.NONE, linear.output());
  }
}
