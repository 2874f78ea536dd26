package dev.unnoise.graph.pass;

import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Tensor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The time projections, which read one vector and together write the conditioning table's row, become one matrix
 * product.
 */
public final class StackProjections implements Pass {
  @Override
  public Network apply(Network network) {
    Graph graph = network.conditioning();
    Tensor output = graph.output();
    List<Linear> projections = new ArrayList<>();
    List<Node> others = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (node instanceof Linear linear && linear.output().root().equals(output)) {
        projections.add(linear);
      } else {
        others.add(node);
      }
    }
    boolean stackable =
        projections.size() > 1
            && projections.stream().map(Linear::source).distinct().count() == 1
            && projections.stream().allMatch(p -> p.bias().isPresent() && p.epilogue().equals(Epilogue.NONE))
            && projections.stream().mapToInt(p -> p.output().channels()).sum() == output.channels();
    if (!stackable) {
      return network;
    }
    projections.sort(Comparator.comparingInt(projection -> projection.output().channelOffset()));
    List<Parameter> weights = projections.stream().map(Linear::weight).toList();
    List<Parameter> biases = projections.stream().map(projection -> projection.bias().orElseThrow()).toList();
    others.add(
        new Linear(
            "time_projections",
            projections.getFirst().source(),
            new Parameter.Stacked(weights),
            Optional.of(new Parameter.Stacked(biases)),
            Epilogue.NONE,
            output));
    return new Network(graph.withNodes(others), network.denoiser());
  }
}
