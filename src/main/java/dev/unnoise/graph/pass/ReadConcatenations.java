package dev.unnoise.graph.pass;

import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Window;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Concatenations that only norms and 1×1 convolutions read are never stored: a norm reads the parts, and a 1×1
 * convolution becomes one per part, each adding to the sum of those before it.
 */
public final class ReadConcatenations implements Pass {
  @Override
  public Network apply(Network network) {
    Graph graph = network.denoiser();
    Uses uses = new Uses(graph);
    Map<Tensor, List<Tensor>> partsOf = new HashMap<>();
    List<Node> nodes = new ArrayList<>();
    for (Node node : graph.nodes()) {
      switch (node) {
        case Concatenate concatenate when readInParts(uses, concatenate.output()) ->
            partsOf.put(concatenate.output(), concatenate.sources());
        case GroupNorm norm when partsOf.containsKey(norm.sources().getFirst()) ->
            nodes.add(norm.withSources(partsOf.get(norm.sources().getFirst())));
        case Convolution convolution when partsOf.containsKey(convolution.source()) ->
            nodes.addAll(split(convolution, partsOf.get(convolution.source())));
        default -> nodes.add(node);
      }
    }
    return network.withDenoiser(graph.withNodes(nodes));
  }

  private static boolean readInParts(Uses uses, Tensor tensor) {
    return !uses.outlives(tensor)
        && uses.readers(tensor).stream()
            .allMatch(
                reader ->
                    switch (reader) {
                      case GroupNorm norm -> norm.sources().equals(List.of(tensor));
                      case Convolution convolution ->
                          convolution.source().equals(tensor)
                              && convolution.window().equals(Window.POINT)
                              && convolution.epilogue().equals(Epilogue.NONE);
                      default -> false;
                    });
  }

  private static List<Node> split(Convolution convolution, List<Tensor> parts) {
    List<Node> nodes = new ArrayList<>();
    Optional<Tensor> sum = Optional.empty();
    int offset = 0;
    for (int i = 0; i < parts.size(); i++) {
      Tensor part = parts.get(i);
      boolean last = i == parts.size() - 1;
      String layer = last ? convolution.name() : convolution.name() + "." + i;
      Tensor output = last ? convolution.output() : Tensor.dense(layer, convolution.output().shape());
      Epilogue epilogue = new Epilogue(Optional.empty(), sum, 1);
      nodes.add(
          new Convolution(
              layer,
              part,
              new Parameter.Columns(convolution.weight(), offset, part.channels()),
              i == 0 ? convolution.bias() : Optional.empty(),
              convolution.window(),
              convolution.upsampled(),
              epilogue,
              output));
      sum = Optional.of(output);
      offset += part.channels();
    }
    return nodes;
  }
}
