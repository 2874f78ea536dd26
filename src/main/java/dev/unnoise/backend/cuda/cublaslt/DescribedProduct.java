package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.backend.cuda.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import dev.unnoise.backend.cuda.bindings.cublaslt.cublaslt_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.graph.DataType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.OptionalLong;

/** Products of a number of matrices as the library wants them described. */
final class DescribedProduct implements AutoCloseable {
  private final Held held = new Held();
  private final MatrixProducts form;
  private final LtDescriptor product;
  private final LtDescriptor a;
  private final LtDescriptor b;
  private final LtDescriptor d;

  /**
   * Describes products.
   *
   * @param tf32 whether factors in single precision may be rounded to 10 bits
   */
  DescribedProduct(MatrixProducts form, int count, boolean tf32) {
    this.form = form;
    boolean fewerBits = tf32 && form.type() == DataType.F32;
    try {
      product =
          held.own(
              LtDescriptor.product(
                  fewerBits ? cublaslt_h.CUBLAS_COMPUTE_32F_FAST_TF32() : cublaslt_h.CUBLAS_COMPUTE_32F()));
      product.integer(
          cublaslt_h.CUBLASLT_MATMUL_DESC_TRANSA(), form.transposed() ? cublaslt_h.CUBLAS_OP_T() : cublaslt_h.CUBLAS_OP_N());
      a = describe(form.a(), count);
      b = describe(form.b(), count);
      d = describe(form.d(), count);
    } catch (RuntimeException e) {
      Closing.after(e, held::close);
      throw e;
    }
  }

  private LtDescriptor describe(Matrices matrices, int count) {
    return held.own(
            LtDescriptor.matrix(matrices.type(), matrices.rows(), matrices.columns(), matrices.leading()))
        .integer(cublaslt_h.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT(), count)
        .longInteger(cublaslt_h.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET(), matrices.distance());
  }

  MatrixProducts form() {
    return form;
  }

  MemorySegment product() {
    return product.segment();
  }

  MemorySegment a() {
    return a.segment();
  }

  MemorySegment b() {
    return b.segment();
  }

  MemorySegment d() {
    return d.segment();
  }

  /** Bytes of workspace that an algorithm takes for this; nothing if it does not take it. */
  OptionalLong workspaceBytes(CublasLt library, Algorithm algorithm) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment result = cublasLtMatmulHeuristicResult_t.allocate(arena);
      int status =
          cublaslt_h.cublasLtMatmulAlgoCheck(
              library.handle(), product(), a(), b(), d(), d(), algorithm.settings(), result);
      if (status == cublaslt_h.CUBLAS_STATUS_NOT_SUPPORTED() || status == cublaslt_h.CUBLAS_STATUS_INVALID_VALUE()) {
        return OptionalLong.empty();
      }
      CublasLt.check(status, "cublasLtMatmulAlgoCheck");
      return OptionalLong.of(cublasLtMatmulHeuristicResult_t.workspaceSize(result));
    }
  }

  @Override
  public void close() {
    held.close();
  }
}
