package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.AttentionOperands;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.graph.DataType;
import java.util.stream.Stream;

/**
 * Attention as a graph of cuDNN's operations: softmax(scale · q kᵀ) v, written out in the order in which the library's
 * fused engines look for it. Tensors have the axes image, head, token, entry, and addresses that wide loads take.
 */
record AttentionGraph(AttentionGeometry geometry, Strides strides) implements GraphForm {
  /** Numbers by which the variant pack calls tensors. */
  static final long QUERY = 1;

  static final long KEY = 2;
  static final long VALUE = 3;
  static final long OUTPUT = 4;
  private static final long SCALE = 5;
  private static final long FIRST_BETWEEN = 11;

  private static final int AXES = 4;

  /** Elements from one token to the next. */
  record Strides(int query, int key, int value, int output) {}

  /** The graph of an attention. */
  static AttentionGraph of(AttentionGeometry geometry, AttentionOperands operands) {
    return new AttentionGraph(
        geometry,
        new Strides(
            operands.query().stride(),
            operands.key().stride(),
            operands.value().stride(),
            operands.output().stride()));
  }

  /** Whether there are engines for such operands: of 16 bits, where wide loads find them. */
  static boolean holds(AttentionGeometry geometry, AttentionOperands operands) {
    DataType type = geometry.type();
    return type != DataType.F32
        && Stream.of(operands.query(), operands.key(), operands.value(), operands.output())
            .allMatch(one -> one.alignment(type) >= Located.WIDEST_LOAD);
  }

  @Override
  public String title() {
    return "attention of " + geometry.heads() + " heads of " + geometry.headDim() + ", " + geometry.tokens() + " tokens";
  }

  @Override
  public boolean isFused() {
    return true;
  }

  @Override
  public DataType type() {
    return geometry.type();
  }

  /** The scores are nowhere in memory, but counted. */
  @Override
  public long largestTensor() {
    long widest = Math.max(Math.max(strides.query(), strides.key()), Math.max(strides.value(), strides.output()));
    return geometry.tokens() * Math.max(widest, (long) geometry.heads() * geometry.tokens());
  }

  @Override
  public void describe(GraphBuilder builder, int images) {
    new Drawing(builder, geometry, strides, images).draw();
  }

  private static final class Drawing {
    private final GraphBuilder builder;
    private final AttentionGeometry geometry;
    private final Strides strides;
    private final long images;
    private final long heads;
    private final long tokens;
    private long between = FIRST_BETWEEN;

    Drawing(GraphBuilder builder, AttentionGeometry geometry, Strides strides, int images) {
      this.builder = builder;
      this.geometry = geometry;
      this.strides = strides;
      this.images = images;
      this.heads = geometry.heads();
      this.tokens = geometry.tokens();
    }

    void draw() {
      Descriptor dots = scores(DataType.F32);
      builder.multiply(rows(QUERY, strides.query()), columns(KEY, strides.key()), dots);
      Descriptor scaled = scores(DataType.F32);
      builder.combine(
          cudnn_h.CUDNN_POINTWISE_MUL(), dots, builder.constant(SCALE, geometry.scale(), AXES), scaled);
      Descriptor largest = perRow();
      builder.reduce(cudnn_h.CUDNN_REDUCE_TENSOR_MAX(), scaled, largest);
      Descriptor lowered = scores(DataType.F32);
      builder.combine(cudnn_h.CUDNN_POINTWISE_SUB(), scaled, largest, lowered);
      Descriptor powers = scores(DataType.F32);
      builder.map(cudnn_h.CUDNN_POINTWISE_EXP(), lowered, powers);
      Descriptor total = perRow();
      builder.reduce(cudnn_h.CUDNN_REDUCE_TENSOR_ADD(), powers, total);
      statistics(largest, total);
      Descriptor probabilities = scores(geometry.type());
      builder.combine(cudnn_h.CUDNN_POINTWISE_DIV(), powers, total, probabilities);
      builder.multiply(probabilities, rows(VALUE, strides.value()), rows(OUTPUT, strides.output()));
    }

    /** What training would keep. Nobody reads it here, but engines know the graph by it. */
    private void statistics(Descriptor largest, Descriptor total) {
      Descriptor logarithm = perRow();
      builder.map(cudnn_h.CUDNN_POINTWISE_LOG(), total, logarithm);
      builder.combine(cudnn_h.CUDNN_POINTWISE_ADD(), largest, logarithm, perRow());
    }

    private Descriptor rows(long id, long stride) {
      return builder.tensor(
          id,
          geometry.type(),
          Located.WIDEST_LOAD,
          new long[] {images, heads, tokens, geometry.headDim()},
          new long[] {tokens * stride, geometry.headDim(), stride, 1});
    }

    private Descriptor columns(long id, long stride) {
      return builder.tensor(
          id,
          geometry.type(),
          Located.WIDEST_LOAD,
          new long[] {images, heads, geometry.headDim(), tokens},
          new long[] {tokens * stride, geometry.headDim(), 1, stride});
    }

    private Descriptor scores(DataType type) {
      return builder.virtual(
          between++,
          type,
          new long[] {images, heads, tokens, tokens},
          new long[] {heads * tokens * tokens, tokens * tokens, tokens, 1});
    }

    private Descriptor perRow() {
      return builder.virtual(
          between++,
          DataType.F32,
          new long[] {images, heads, tokens, 1},
          new long[] {heads * tokens, tokens, 1, 1});
    }
  }
}
