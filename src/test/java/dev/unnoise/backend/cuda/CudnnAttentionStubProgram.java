package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What {@link CudaStubsTest} runs in a process of its own: attention by the stub of cuDNN. */
final class CudnnAttentionStubProgram {
  private static final int BAD_PARAM = 2000;
  private static final int NOT_SUPPORTED = 3000;
  private static final int IMAGES = 2;
  private static final int HEADS = 3;
  private static final int QUERIES = 5;
  private static final int KEYS = 7;
  private static final int HEAD = 8;
  private static final int VALUE = 16;
  private static final long Q = 1;
  private static final long K = 2;
  private static final long V = 3;
  private static final long O = 4;
  private static final long SCALE = 5;
  private static final float SCALED = 0.35f;

  private final StubControl control;
  private final float[] q = StubConvolution.values(IMAGES * QUERIES * HEADS * HEAD, 5);
  private final float[] k = StubConvolution.values(IMAGES * KEYS * HEADS * HEAD, 6);
  private final float[] v = StubConvolution.values(IMAGES * KEYS * HEADS * VALUE, 7);

  private CudnnAttentionStubProgram(StubControl control) {
    this.control = control;
  }

  /** Takes the folder of the stubs. */
  public static void main(String[] arguments) {
    CudnnAttentionStubProgram program = new CudnnAttentionStubProgram(StubControl.load(Path.of(arguments[0])));
    program.attention(StoredNumbers.HALVES);
    program.attention(StoredNumbers.BFLOATS);
    program.refusals();
    program.scaleOnTheDevice();
    System.out.println("done");
  }

  /** Image, head, row, column of what lies in memory as image, row, head, column; or with the last two swapped. */
  private static MemorySegment matrices(
      StubGraph graph, long id, StoredNumbers type, int rows, int columns, boolean swapped) {
    long row = (long) HEADS * columns;
    long[] extents = {IMAGES, HEADS, swapped ? columns : rows, swapped ? rows : columns};
    long[] strides = {rows * row, columns, swapped ? 1 : row, swapped ? row : 1};
    return graph.tensor(id, type, false, extents, strides);
  }

  /** Attention with logarithms of sums that nobody reads; the scale is a number on the host. */
  private static void describe(StubGraph graph, StoredNumbers type, int head, int value) {
    StoredNumbers floats = StoredNumbers.FLOATS;
    MemorySegment scores = graph.tensor(10, floats, true, IMAGES, HEADS, QUERIES, KEYS);
    MemorySegment scaled = graph.tensor(11, floats, true, IMAGES, HEADS, QUERIES, KEYS);
    MemorySegment largest = graph.tensor(12, floats, true, IMAGES, HEADS, QUERIES, 1);
    MemorySegment below = graph.tensor(13, floats, true, IMAGES, HEADS, QUERIES, KEYS);
    MemorySegment powers = graph.tensor(14, floats, true, IMAGES, HEADS, QUERIES, KEYS);
    MemorySegment sums = graph.tensor(15, floats, true, IMAGES, HEADS, QUERIES, 1);
    MemorySegment logarithms = graph.tensor(16, floats, true, IMAGES, HEADS, QUERIES, 1);
    MemorySegment statistics = graph.tensor(17, floats, true, IMAGES, HEADS, QUERIES, 1);
    MemorySegment shares = graph.tensor(18, floats, true, IMAGES, HEADS, QUERIES, KEYS);
    graph.product(
        matrices(graph, Q, type, QUERIES, head, false), matrices(graph, K, type, KEYS, head, true), scores);
    graph.pointwise(cudnn_h.CUDNN_POINTWISE_MUL(), scaled, scores, graph.scalar(SCALE, 4));
    graph.reduction(cudnn_h.CUDNN_REDUCE_TENSOR_MAX(), scaled, largest);
    graph.pointwise(cudnn_h.CUDNN_POINTWISE_SUB(), below, scaled, largest);
    graph.pointwise(cudnn_h.CUDNN_POINTWISE_EXP(), powers, below);
    graph.reduction(cudnn_h.CUDNN_REDUCE_TENSOR_ADD(), powers, sums);
    graph.pointwise(cudnn_h.CUDNN_POINTWISE_LOG(), logarithms, sums);
    graph.pointwise(cudnn_h.CUDNN_POINTWISE_ADD(), statistics, largest, logarithms);
    graph.pointwise(cudnn_h.CUDNN_POINTWISE_DIV(), shares, powers, sums);
    graph.product(
        shares, matrices(graph, V, type, KEYS, value, false), matrices(graph, O, type, QUERIES, value, false));
  }

  private void attention(StoredNumbers type) {
    try (StubClient card = new StubClient(); Arena arena = Arena.ofConfined()) {
      int count = IMAGES * QUERIES * HEADS * VALUE;
      Map<Long, Long> tensors =
          Map.of(
              Q, type.upload(card, q),
              K, type.upload(card, k),
              V, type.upload(card, v),
              O, card.allocate((long) count * type.bytes()));
      Map<Long, Long> pack = new TreeMap<>(tensors);
      MemorySegment scale = arena.allocateFrom(ValueLayout.JAVA_FLOAT, SCALED);
      pack.put(SCALE, scale.address());
      long workspace = card.allocate(1 << 20);
      try (StubGraph graph = new StubGraph(card)) {
        describe(graph, type, HEAD, VALUE);
        StubEngines engines = new StubEngines(graph);
        List<MemorySegment> all = engines.configurations(cudnn_h.CUDNN_HEUR_MODE_A(), 8);
        assertEquals(
            List.of(
                List.of(cudnn_h.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC()),
                List.of(cudnn_h.CUDNN_NUMERICAL_NOTE_TENSOR_CORE())),
            all.stream().map(one -> engines.notes(engines.engineOf(one))).toList());
        MemorySegment plan = engines.plan(all.getLast());
        control.set("deferred", 1);
        StubClient.check(engines.execute(plan, pack, workspace));
        // The number is read when the plan is executed, whenever its work is done.
        scale.set(ValueLayout.JAVA_FLOAT, 0, Float.NaN);
        float[] actual = type.download(card, tensors.get(O), count);
        assertArrayEquals(expected(type), actual, type == StoredNumbers.HALVES ? 5e-3f : 4e-2f);
      }
      card.free(workspace);
      StubConvolution.free(card, tensors);
    }
    control.requireNothingLeft();
  }

  private float[] expected(StoredNumbers type) {
    float[] all = new float[IMAGES * QUERIES * HEADS * VALUE];
    for (int i = 0; i < all.length; i++) {
      int column = i % VALUE;
      int head = i / VALUE % HEADS;
      int query = i / (VALUE * HEADS) % QUERIES;
      int image = i / (VALUE * HEADS * QUERIES);
      double sum = 0;
      double weighted = 0;
      for (int key = 0; key < KEYS; key++) {
        double score = 0;
        for (int j = 0; j < HEAD; j++) {
          score +=
              (double) type.rounded(q[((image * QUERIES + query) * HEADS + head) * HEAD + j])
                  * type.rounded(k[((image * KEYS + key) * HEADS + head) * HEAD + j]);
        }
        double power = Math.exp(score * SCALED);
        sum += power;
        weighted += power * type.rounded(v[((image * KEYS + key) * HEADS + head) * VALUE + column]);
      }
      all[i] = (float) (weighted / sum);
    }
    return all;
  }

  private int tryHeuristics(StoredNumbers type, int head, int value, int mode) {
    try (StubClient card = new StubClient(); StubGraph graph = new StubGraph(card)) {
      describe(graph, type, head, value);
      return new StubEngines(graph).tryHeuristics(mode);
    }
  }

  private void refusals() {
    int best = cudnn_h.CUDNN_HEUR_MODE_A();
    assertEquals(0, tryHeuristics(StoredNumbers.HALVES, 256, 8, best));
    assertEquals(NOT_SUPPORTED, tryHeuristics(StoredNumbers.HALVES, 264, 8, best));
    assertEquals(NOT_SUPPORTED, tryHeuristics(StoredNumbers.HALVES, 12, 8, best));
    assertEquals(NOT_SUPPORTED, tryHeuristics(StoredNumbers.HALVES, 8, 20, best));
    assertEquals(NOT_SUPPORTED, tryHeuristics(StoredNumbers.FLOATS, 8, 8, best));
    assertEquals(NOT_SUPPORTED, tryHeuristics(StoredNumbers.HALVES, 8, 8, cudnn_h.CUDNN_HEUR_MODE_FALLBACK()));
    control.set("cudnnFusingEngines", 0);
    assertEquals(0, tryHeuristics(StoredNumbers.HALVES, 8, 8, best));
    control.set("cudnnAttentionEngines", 0);
    assertEquals(NOT_SUPPORTED, tryHeuristics(StoredNumbers.HALVES, 8, 8, best));
    control.requireNothingLeft();
  }

  /** Which the library would read as if it were the host's. */
  private void scaleOnTheDevice() {
    StoredNumbers type = StoredNumbers.HALVES;
    try (StubClient card = new StubClient()) {
      long some = card.allocate(1 << 16);
      long workspace = card.allocate(1 << 20);
      try (StubGraph graph = new StubGraph(card)) {
        describe(graph, type, HEAD, VALUE);
        StubEngines engines = new StubEngines(graph);
        MemorySegment plan = engines.plan(engines.configurations(cudnn_h.CUDNN_HEUR_MODE_A(), 8).getLast());
        Map<Long, Long> pack = Map.of(Q, some, K, some, V, some, O, some, SCALE, some);
        assertEquals(BAD_PARAM, engines.execute(plan, pack, workspace));
        assertEquals(
            List.of("cudnnBackendExecute: tensor 5 is by value, but lies on the device"), control.violations());
        control.reset();
      }
      card.free(some, workspace);
    }
    control.requireNothingLeft();
  }
}
