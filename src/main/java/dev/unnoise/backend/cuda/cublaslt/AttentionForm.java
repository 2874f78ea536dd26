package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.AttentionOperands;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.graph.DataType;
import java.util.stream.Stream;

/**
 * The two products of an attention, a head at a time. What is row after row to us is column after column to the
 * library: it computes the transposes of scores q kᵀ and of probabilities times v.
 */
record AttentionForm(AttentionGeometry geometry, AttentionOperands operands) {

  /** (q kᵀ)ᵀ = k qᵀ: a column of scores for every query. */
  MatrixProducts scores() {
    return new MatrixProducts(true, heads(operands.key()), heads(operands.query()), square(DataType.F32));
  }

  /** (p v)ᵀ = vᵀ pᵀ. */
  MatrixProducts values() {
    return new MatrixProducts(false, heads(operands.value()), square(geometry.type()), heads(operands.output()));
  }

  private Matrices heads(Located located) {
    long tokens = geometry.tokens();
    return new Matrices(
        geometry.type(), geometry.headDim(), tokens, located.stride(), tokens * located.stride(), alignment());
  }

  private Matrices square(DataType type) {
    long tokens = geometry.tokens();
    int alignment = Located.alignment(tokens * tokens * type.bytes());
    return new Matrices(type, tokens, tokens, tokens, tokens * tokens, alignment);
  }

  /** Bytes that the addresses of all heads of all images are multiples of. */
  int alignment() {
    DataType type = geometry.type();
    return Stream.of(operands.query(), operands.key(), operands.value(), operands.output())
        .mapToInt(one -> Math.min(one.alignment(type), Located.alignment((long) one.stride() * type.bytes())))
        .reduce(Located.alignment((long) geometry.headDim() * type.bytes()), Math::min);
  }

  /** The address of a head of an image. */
  long address(Located located, int image, int head) {
    long element = (long) image * geometry.tokens() * located.stride() + (long) head * geometry.headDim();
    return CudaContext.address(located.buffer()) + located.byteOffset(geometry.type()) + element * geometry.type().bytes();
  }

  /** Scores of a head. */
  long square() {
    return (long) geometry.tokens() * geometry.tokens();
  }
}
