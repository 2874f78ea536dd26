package dev.unnoise.backend.gpu.node;

import dev.unnoise.graph.Attention;
import dev.unnoise.graph.DataType;

/**
 * What is known of an attention before it runs, the batch left out.
 *
 * @param type of queries, keys, values and the result
 * @param tokens rows of an image
 * @param heads of an image, side by side in a row
 * @param headDim entries of a head
 * @param scale of the scores
 */
public record AttentionGeometry(DataType type, int tokens, int heads, int headDim, float scale) {

  /** That of a node. */
  static AttentionGeometry of(Attention node) {
    int tokens = Math.toIntExact(node.query().shape().pixels());
    return new AttentionGeometry(node.output().type(), tokens, node.heads(), node.headDim(), node.scale());
  }
}
