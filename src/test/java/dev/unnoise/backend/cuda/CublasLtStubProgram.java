package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.unnoise.backend.cuda.bindings.cublaslt.cublasLtMatmulAlgo_t;
import dev.unnoise.backend.cuda.bindings.cublaslt.cublasLtMatmulHeuristicResult_t;
import dev.unnoise.backend.cuda.bindings.cublaslt.cublaslt_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** What {@link CudaStubsTest} runs in a process of its own: the stub of cuBLASLt. */
final class CublasLtStubProgram {
  private static final int EXECUTION_FAILED = 13;
  private static final int BATCH = 2;
  private static final int ROWS = 5;
  private static final int COLUMNS = 3;
  private static final int INNER = 20;
  private static final long LARGE = 1 << 20;
  private static final int ANY_REDUCTION = 7;

  private final StubControl control;
  private final float[] a = values(BATCH * ROWS * INNER, 1);
  private final float[] b = values(BATCH * INNER * COLUMNS, 2);
  private final float[] bias = values(ROWS, 3);

  private CublasLtStubProgram(StubControl control) {
    this.control = control;
  }

  /** Takes the folder of the stubs. */
  public static void main(String[] arguments) {
    CublasLtStubProgram program = new CublasLtStubProgram(StubControl.load(Path.of(arguments[0])));
    for (StoredNumbers type : StoredNumbers.values()) {
      program.products(type, false);
      program.products(type, true);
    }
    program.algorithms();
    program.tensorFloats();
    program.failures();
    System.out.println("done");
  }

  private static float[] values(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static int type(StoredNumbers type) {
    return switch (type) {
      case FLOATS -> cublaslt_h.CUDA_R_32F();
      case HALVES -> cublaslt_h.CUDA_R_16F();
      case BFLOATS -> cublaslt_h.CUDA_R_16BF();
    };
  }

  /** D = op(A) B + bias of a batch, columns one after another; A is stored by rows if it is turned. */
  private final class Multiplication implements AutoCloseable {
    private final Arena arena = Arena.ofConfined();
    private final StubClient card;
    private final StoredNumbers type;
    private final MemorySegment handle;
    private final MemorySegment product;
    private final MemorySegment preference;
    private final MemorySegment ofA;
    private final MemorySegment ofB;
    private final MemorySegment ofD;
    private final long fromA;
    private final long fromB;
    private final long fromBias;
    private final long to;

    Multiplication(StubClient card, StoredNumbers type, int compute, boolean turned) {
      this.card = card;
      this.type = type;
      handle = card.made(cublaslt_h::cublasLtCreate);
      product = card.made(out -> cublaslt_h.cublasLtMatmulDescCreate(out, compute, cublaslt_h.CUDA_R_32F()));
      preference = card.made(cublaslt_h::cublasLtMatmulPreferenceCreate);
      ofA = turned ? layout(INNER, ROWS) : layout(ROWS, INNER);
      ofB = layout(INNER, COLUMNS);
      ofD = layout(ROWS, COLUMNS);
      fromA = type.upload(card, a);
      fromB = type.upload(card, b);
      fromBias = type.upload(card, bias);
      to = card.allocate((long) BATCH * ROWS * COLUMNS * type.bytes());
      describe(cublaslt_h.CUBLASLT_MATMUL_DESC_TRANSA(), turned ? cublaslt_h.CUBLAS_OP_T() : cublaslt_h.CUBLAS_OP_N());
      describe(cublaslt_h.CUBLASLT_MATMUL_DESC_EPILOGUE(), cublaslt_h.CUBLASLT_EPILOGUE_BIAS());
      describe(cublaslt_h.CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE(), type(type));
      MemorySegment pointer = arena.allocateFrom(ValueLayout.JAVA_LONG, fromBias);
      int attribute = cublaslt_h.CUBLASLT_MATMUL_DESC_BIAS_POINTER();
      StubClient.check(cublaslt_h.cublasLtMatmulDescSetAttribute(product, attribute, pointer, 8));
    }

    private void describe(int attribute, int value) {
      MemorySegment number = arena.allocateFrom(ValueLayout.JAVA_INT, value);
      StubClient.check(cublaslt_h.cublasLtMatmulDescSetAttribute(product, attribute, number, 4));
    }

    private MemorySegment layout(long rows, long columns) {
      MemorySegment layout =
          card.made(out -> cublaslt_h.cublasLtMatrixLayoutCreate(out, type(type), rows, columns, rows));
      MemorySegment count = arena.allocateFrom(ValueLayout.JAVA_INT, BATCH);
      int batch = cublaslt_h.CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT();
      StubClient.check(cublaslt_h.cublasLtMatrixLayoutSetAttribute(layout, batch, count, 4));
      MemorySegment offset = arena.allocateFrom(ValueLayout.JAVA_LONG, rows * columns);
      int distance = cublaslt_h.CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET();
      StubClient.check(cublaslt_h.cublasLtMatrixLayoutSetAttribute(layout, distance, offset, 8));
      return layout;
    }

    /** What the heuristics name, the best first. */
    List<MemorySegment> algorithms(long workspace, int reductions) {
      MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_LONG, workspace);
      int most = cublaslt_h.CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES();
      StubClient.check(cublaslt_h.cublasLtMatmulPreferenceSetAttribute(preference, most, bytes, 8));
      MemorySegment mask = arena.allocateFrom(ValueLayout.JAVA_INT, reductions);
      int schemes = cublaslt_h.CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK();
      StubClient.check(cublaslt_h.cublasLtMatmulPreferenceSetAttribute(preference, schemes, mask, 4));
      MemorySegment results = cublasLtMatmulHeuristicResult_t.allocateArray(8, arena);
      MemorySegment count = arena.allocate(ValueLayout.JAVA_INT);
      StubClient.check(
          cublaslt_h.cublasLtMatmulAlgoGetHeuristic(
              handle, product, ofA, ofB, ofD, ofD, preference, 8, results, count));
      List<MemorySegment> found = new ArrayList<>();
      for (int i = 0; i < count.get(ValueLayout.JAVA_INT, 0); i++) {
        found.add(cublasLtMatmulHeuristicResult_t.algo(cublasLtMatmulHeuristicResult_t.asSlice(results, i)));
      }
      return found;
    }

    int splits(MemorySegment algorithm) {
      assertEquals(cublasLtMatmulAlgo_t.sizeof(), algorithm.byteSize());
      MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
      int attribute = cublaslt_h.CUBLASLT_ALGO_CONFIG_SPLITK_NUM();
      MemorySegment none = MemorySegment.NULL;
      StubClient.check(cublaslt_h.cublasLtMatmulAlgoConfigGetAttribute(algorithm, attribute, number, 4, none));
      return number.get(ValueLayout.JAVA_INT, 0);
    }

    int run(MemorySegment algorithm, long workspace, long size) {
      MemorySegment one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1);
      MemorySegment zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0);
      MemorySegment result = MemorySegment.ofAddress(to);
      MemorySegment left = MemorySegment.ofAddress(fromA);
      MemorySegment right = MemorySegment.ofAddress(fromB);
      MemorySegment room = MemorySegment.ofAddress(workspace);
      return cublaslt_h.cublasLtMatmul(
          handle, product, one, left, ofA, right, ofB, zero, result, ofD, result, ofD, algorithm, room, size,
          card.stream);
    }

    float[] result() {
      return type.download(card, to, BATCH * ROWS * COLUMNS);
    }

    @Override
    public void close() {
      card.free(fromA, fromB, fromBias, to);
      for (MemorySegment layout : List.of(ofA, ofB, ofD)) {
        StubClient.check(cublaslt_h.cublasLtMatrixLayoutDestroy(layout));
      }
      StubClient.check(cublaslt_h.cublasLtMatmulPreferenceDestroy(preference));
      StubClient.check(cublaslt_h.cublasLtMatmulDescDestroy(product));
      StubClient.check(cublaslt_h.cublasLtDestroy(handle));
      arena.close();
    }
  }

  private void products(StoredNumbers type, boolean turned) {
    try (StubClient card = new StubClient();
        Multiplication multiplication = new Multiplication(card, type, cublaslt_h.CUBLAS_COMPUTE_32F(), turned)) {
      MemorySegment algorithm = multiplication.algorithms(0, ANY_REDUCTION).getFirst();
      StubClient.check(multiplication.run(algorithm, 0, 0));
      requireExpected(type, turned, multiplication.result());
    }
    control.requireNothingLeft();
  }

  private void requireExpected(StoredNumbers type, boolean turned, float[] actual) {
    double tolerance = type == StoredNumbers.FLOATS ? 1e-5 : type == StoredNumbers.HALVES ? 2e-2 : 1.5e-1;
    for (int i = 0; i < BATCH; i++) {
      for (int m = 0; m < ROWS; m++) {
        for (int n = 0; n < COLUMNS; n++) {
          double sum = type.rounded(bias[m]);
          for (int k = 0; k < INNER; k++) {
            float left = a[i * ROWS * INNER + (turned ? m * INNER + k : k * ROWS + m)];
            sum += (double) type.rounded(left) * type.rounded(b[(i * COLUMNS + n) * INNER + k]);
          }
          assertEquals(sum, actual[(i * COLUMNS + n) * ROWS + m], tolerance, type + " " + turned);
        }
      }
    }
  }

  /** Those that split sums are named first, and give results that differ. */
  private void algorithms() {
    try (StubClient card = new StubClient();
        Multiplication multiplication =
            new Multiplication(card, StoredNumbers.FLOATS, cublaslt_h.CUBLAS_COMPUTE_32F(), false)) {
      List<MemorySegment> all = multiplication.algorithms(LARGE, ANY_REDUCTION);
      assertEquals(List.of(4, 1, 1), all.stream().map(multiplication::splits).toList());
      int none = cublaslt_h.CUBLASLT_REDUCTION_SCHEME_NONE();
      assertEquals(List.of(1, 1), multiplication.algorithms(LARGE, none).stream().map(multiplication::splits).toList());
      long workspace = card.allocate(LARGE);
      float[][] results = new float[6][];
      for (int i = 0; i < results.length; i++) {
        StubClient.check(multiplication.run(all.get(i / 2), workspace, LARGE));
        results[i] = multiplication.result();
      }
      assertNotEquals(results[0][0], results[1][0], "two results that should differ");
      assertArrayEquals(results[2], results[3], 0);
      assertArrayEquals(results[2], results[4], 0);
      card.free(workspace);
    }
    control.requireNothingLeft();
  }

  private void tensorFloats() {
    float[][] results = new float[2][];
    for (int i = 0; i < 2; i++) {
      int compute = i == 0 ? cublaslt_h.CUBLAS_COMPUTE_32F() : cublaslt_h.CUBLAS_COMPUTE_32F_FAST_TF32();
      try (StubClient card = new StubClient();
          Multiplication multiplication = new Multiplication(card, StoredNumbers.FLOATS, compute, false)) {
        StubClient.check(multiplication.run(multiplication.algorithms(0, ANY_REDUCTION).getFirst(), 0, 0));
        results[i] = multiplication.result();
      }
    }
    assertArrayEquals(results[0], results[1], 2e-2f);
    assertNotEquals(results[0][0], results[1][0], "tensor cores take fewer bits");
    control.requireNothingLeft();
  }

  private void failures() {
    try (StubClient card = new StubClient();
        Multiplication multiplication =
            new Multiplication(card, StoredNumbers.FLOATS, cublaslt_h.CUBLAS_COMPUTE_32F(), false)) {
      MemorySegment algorithm = multiplication.algorithms(LARGE, ANY_REDUCTION).get(1);
      assertNotEquals(0, multiplication.run(algorithm, 0, 0));
      assertEquals(List.of("cublasLtMatmul: the workspace is too small"), control.violations());
      control.reset();
      control.fail("cublasLtMatmul", 1, EXECUTION_FAILED);
      assertEquals(EXECUTION_FAILED, multiplication.run(algorithm, 0, LARGE));
      assertEquals(List.of(), control.violations());
    }
    control.requireNothingLeft();
  }
}
