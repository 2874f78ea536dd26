package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.graph.DataType;

/**
 * What a graph of operations is like, the number of images left out. Equal forms are computed by the same engine, and say
 * so by equal {@link #toString()}.
 */
sealed interface GraphForm permits AttentionGraph, ConvolutionGraph {

  /** For logs: what it computes, in one line. */
  String title();

  /** Of the operands. */
  DataType type();

  /** Elements of the largest tensor, for one image. */
  long largestTensor();

  /**
   * Whether it is more than one operation. Engines for such graphs are compiled when they are prepared, which takes a
   * second or more, and those that the library falls back to are slower than the operations one by one.
   */
  boolean isFused();

  /** Adds the operations for a number of images to a graph. */
  void describe(GraphBuilder builder, int images);

  /** The graph for a number of images. */
  default OperationGraph graph(Card card, int images) {
    return OperationGraph.of(card, builder -> describe(builder, images));
  }
}
