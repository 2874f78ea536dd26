package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.api.Workspace;
import dev.unnoise.backend.cuda.bindings.cublaslt.cublaslt_h;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.graph.run.BackendException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.OptionalLong;

/** Products of a number of matrices by an algorithm. */
final class LtProduct implements AutoCloseable {
  private final CublasLt library;
  private final Workspace workspace;
  private final DescribedProduct product;
  private final Algorithm algorithm;
  private final long workspaceBytes;

  private LtProduct(
      CublasLt library, Workspace workspace, DescribedProduct product, Algorithm algorithm, long workspaceBytes) {
    this.library = library;
    this.workspace = workspace;
    this.product = product;
    this.algorithm = algorithm;
    this.workspaceBytes = workspaceBytes;
  }

  /**
   * Prepares products by the first of these algorithms that takes as many.
   *
   * @throws BackendException if there is none
   */
  static LtProduct of(
      CublasLt library, Workspace workspace, MatrixProducts form, int count, boolean tf32, List<Algorithm> algorithms) {
    DescribedProduct product = new DescribedProduct(form, count, tf32);
    try {
      for (Algorithm algorithm : algorithms) {
        OptionalLong bytes = product.workspaceBytes(library, algorithm);
        if (bytes.isPresent()) {
          workspace.require(bytes.getAsLong());
          return new LtProduct(library, workspace, product, algorithm, bytes.getAsLong());
        }
      }
      throw new BackendException("no algorithm of cuBLASLt takes " + count + " products " + form);
    } catch (RuntimeException e) {
      Closing.after(e, product::close);
      throw e;
    }
  }

  /** Hands the products to the card; operands are addresses there. */
  void enqueue(float alpha, long a, long b, long d) {
    try (Arena arena = Arena.ofConfined()) {
      CublasLt.check(
          cublaslt_h.cublasLtMatmul(
              library.handle(),
              product.product(),
              arena.allocateFrom(ValueLayout.JAVA_FLOAT, alpha),
              MemorySegment.ofAddress(a),
              product.a(),
              MemorySegment.ofAddress(b),
              product.b(),
              arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0),
              MemorySegment.ofAddress(d),
              product.d(),
              MemorySegment.ofAddress(d),
              product.d(),
              algorithm.settings(),
              MemorySegment.ofAddress(CudaContext.address(workspace.buffer())),
              workspaceBytes,
              library.stream()),
          "cublasLtMatmul");
    }
  }

  @Override
  public void close() {
    product.close();
  }
}
