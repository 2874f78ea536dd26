package dev.unnoise.backend.cuda.cublaslt;

import dev.unnoise.backend.cuda.bindings.cublaslt.cublasLtMatmulAlgo_t;
import dev.unnoise.backend.cuda.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import dev.unnoise.backend.cuda.bindings.cublaslt.cublaslt_h;
import dev.unnoise.backend.gpu.Held;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * A way in which the library computes products, with its settings.
 *
 * @param settings the library's own record
 */
record Algorithm(MemorySegment settings) {
  /** Algorithms that the heuristics are asked for. */
  private static final int MOST_ALGORITHMS = 16;

  /** What the library's guide allots to cards of compute capability 9 and above. */
  private static final long MOST_WORKSPACE = 32L << 20;

  /**
   * Those that take a product, in the order of the library's heuristics; none of them splits a sum among blocks.
   *
   * @return nothing if there is none
   */
  static List<Algorithm> ranked(CublasLt library, DescribedProduct product) {
    MatrixProducts form = product.form();
    try (Held held = new Held();
        Arena arena = Arena.ofConfined()) {
      LtDescriptor preference =
          held.own(LtDescriptor.preference())
              .longInteger(cublaslt_h.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES(), MOST_WORKSPACE)
              .integer(
                  cublaslt_h.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK(), cublaslt_h.CUBLASLT_REDUCTION_SCHEME_NONE())
              .integer(cublaslt_h.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES(), form.a().alignment())
              .integer(cublaslt_h.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES(), form.b().alignment())
              .integer(cublaslt_h.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES(), form.d().alignment())
              .integer(cublaslt_h.CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES(), form.d().alignment());
      MemorySegment results = cublasLtMatmulHeuristicResult_t.allocateArray(MOST_ALGORITHMS, arena);
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      int status =
          cublaslt_h.cublasLtMatmulAlgoGetHeuristic(
              library.handle(),
              product.product(),
              product.a(),
              product.b(),
              product.d(),
              product.d(),
              preference.segment(),
              MOST_ALGORITHMS,
              results,
              count);
      if (status == cublaslt_h.CUBLAS_STATUS_NOT_SUPPORTED()) {
        return List.of();
      }
      CublasLt.check(status, "cublasLtMatmulAlgoGetHeuristic");
      List<Algorithm> algorithms = new ArrayList<>();
      for (int i = 0; i < count.get(ValueLayout.JAVA_INT, 0); i++) {
        MemorySegment result = cublasLtMatmulHeuristicResult_t.asSlice(results, i);
        boolean usable = cublasLtMatmulHeuristicResult_t.state(result) == cublaslt_h.CUBLAS_STATUS_SUCCESS();
        MemorySegment settings = cublasLtMatmulHeuristicResult_t.algo(result);
        if (usable && isWhole(settings, arena)) {
          algorithms.add(new Algorithm(copy(settings)));
        }
      }
      return algorithms;
    }
  }

  /** The library does not keep what its records refer to: they hold all that they are. */
  private static MemorySegment copy(MemorySegment settings) {
    return cublasLtMatmulAlgo_t.allocate(Arena.ofAuto()).copyFrom(settings);
  }

  private static boolean isWhole(MemorySegment settings, Arena arena) {
    int splits = setting(settings, cublaslt_h.CUBLASLT_ALGO_CONFIG_SPLITK_NUM(), arena);
    int reduction = setting(settings, cublaslt_h.CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME(), arena);
    return splits <= 1 && reduction == cublaslt_h.CUBLASLT_REDUCTION_SCHEME_NONE();
  }

  private static int setting(MemorySegment settings, int attribute, Arena arena) {
    MemorySegment value = arena.allocate(ValueLayout.JAVA_INT);
    MemorySegment written = arena.allocate(ValueLayout.JAVA_LONG);
    CublasLt.check(
        cublaslt_h.cublasLtMatmulAlgoConfigGetAttribute(settings, attribute, value, value.byteSize(), written),
        "cublasLtMatmulAlgoConfigGetAttribute(" + attribute + ")");
    return value.get(ValueLayout.JAVA_INT, 0);
  }
}
