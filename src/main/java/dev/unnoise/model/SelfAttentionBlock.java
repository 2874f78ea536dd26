package dev.unnoise.model;

import dev.unnoise.graph.Attention;
import dev.unnoise.graph.GraphBuilder;
import dev.unnoise.graph.ShapeException;
import dev.unnoise.graph.Tensor;
import java.util.Optional;

/** Norm, projections, attention, projection, residual sum. */
final class SelfAttentionBlock {
  private SelfAttentionBlock() {}

  static Tensor append(GraphBuilder graph, UNetConfig config, Layer.SelfAttention block, Tensor x) {
    String name = block.name();
    int channels = x.channels();
    int headDim = config.attentionHeadDim().orElse(channels);
    int heads = channels / headDim;
    if (heads == 0) {
      throw new ShapeException(name, "attention_head_dim " + headDim + " is above the " + channels + " channels");
    }
    int width = heads * headDim;
    Tensor h = norm(graph, config, block.groups(), name + ".group_norm", x);
    Tensor query = linear(graph, name + ".to_q", h, width);
    Tensor key = linear(graph, name + ".to_k", h, width);
    Tensor value = linear(graph, name + ".to_v", h, width);
    Tensor attended =
        graph.append(new Attention(name + ".attention", query, key, value, heads, Tensor.dense(name + ".attention", query.shape())));
    Tensor projected = linear(graph, name + ".to_out.0", attended, channels);
    return graph.add(name, x, projected, (float) (1 / block.scaleFactor()));
  }

  private static Tensor norm(GraphBuilder graph, UNetConfig config, Optional<Integer> groups, String name, Tensor x) {
    return groups
        .map(
            count ->
                graph.groupNorm(
                    name, x, Names.vector(name, x.channels()), Names.bias(name, x.channels()), count, config.normEps()))
        .orElse(x);
  }

  private static Tensor linear(GraphBuilder graph, String name, Tensor x, int outChannels) {
    return graph.linear(name, x, Names.matrix(name, outChannels, x.channels()), Names.bias(name, outChannels));
  }
}
