package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.unnoise.backend.cuda.bindings.cudnn.cudnn_h;
import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What {@link CudaStubsTest} runs in a process of its own: the stub of cuDNN. */
final class CudnnStubProgram {
  private static final int NOT_FINALISED = 2004;
  private static final int EXECUTION_FAILED = 5000;
  private static final int IMAGES = 2;
  private static final int CHANNELS = 5;
  private static final int OUTPUTS = 4;
  private static final int HEIGHT = 6;
  private static final int WIDTH = 7;
  private static final long X = 1;
  private static final long W = 2;
  private static final long Y = 3;
  private static final long ROWS = 4;
  private static final long RESIDUAL = 5;

  private final StubControl control;
  private final float[] x = values(IMAGES * HEIGHT * WIDTH * CHANNELS, 1);
  private final float[] w = values(OUTPUTS * 9 * CHANNELS, 2);
  private final float[] rows = values(IMAGES * OUTPUTS, 3);
  private final float[] residual = values(IMAGES * HEIGHT * WIDTH * OUTPUTS, 4);

  private CudnnStubProgram(StubControl control) {
    this.control = control;
  }

  /** Takes the folder of the stubs. */
  public static void main(String[] arguments) {
    CudnnStubProgram program = new CudnnStubProgram(StubControl.load(Path.of(arguments[0])));
    for (StoredNumbers type : StoredNumbers.values()) {
      program.convolutions(type);
    }
    program.engines();
    program.attention();
    program.graphs();
    program.violations();
    program.failures();
    System.out.println("done");
  }

  private void requireNothingLeft() {
    assertEquals(List.of(), control.violations());
    assertEquals(Map.of(), control.alive());
    control.reset();
  }

  private static float[] values(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private void describe(StubGraph graph, StoredNumbers type) {
    MemorySegment y = graph.tensor(Y, type, false, IMAGES, OUTPUTS, HEIGHT, WIDTH);
    MemorySegment product = graph.tensor(10, StoredNumbers.FLOATS, true, IMAGES, OUTPUTS, HEIGHT, WIDTH);
    MemorySegment sum = graph.tensor(11, StoredNumbers.FLOATS, true, IMAGES, OUTPUTS, HEIGHT, WIDTH);
    graph.convolution(
        graph.tensor(X, type, false, IMAGES, CHANNELS, HEIGHT, WIDTH),
        graph.tensor(W, type, false, OUTPUTS, CHANNELS, 3, 3),
        product);
    graph.pointwise(
        cudnn_h.CUDNN_POINTWISE_ADD(), sum, product,
        graph.tensor(ROWS, StoredNumbers.FLOATS, false, IMAGES, OUTPUTS, 1, 1));
    graph.pointwise(
        cudnn_h.CUDNN_POINTWISE_ADD(), y, sum,
        graph.tensor(RESIDUAL, type, false, IMAGES, OUTPUTS, HEIGHT, WIDTH));
  }

  /** The convolution with what is added to it, channels innermost. */
  private double expected(StoredNumbers type, int n, int h, int v, int k) {
    double sum = rows[n * OUTPUTS + k] + type.rounded(residual[((n * HEIGHT + h) * WIDTH + v) * OUTPUTS + k]);
    for (int r = 0; r < 3; r++) {
      for (int s = 0; s < 3; s++) {
        int row = h + r - 1;
        int column = v + s - 1;
        for (int c = 0; c < CHANNELS && row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH; c++) {
          double pixel = type.rounded(x[((n * HEIGHT + row) * WIDTH + column) * CHANNELS + c]);
          sum += pixel * type.rounded(w[((k * 3 + r) * 3 + s) * CHANNELS + c]);
        }
      }
    }
    return sum;
  }

  private Map<Long, Long> upload(StubClient card, StoredNumbers type) {
    return Map.of(
        X, type.upload(card, x),
        W, type.upload(card, w),
        ROWS, card.upload(rows),
        RESIDUAL, type.upload(card, residual),
        Y, card.allocate((long) residual.length * type.bytes()));
  }

  private static void free(StubClient card, Map<Long, Long> tensors) {
    card.free(tensors.values().stream().mapToLong(Long::longValue).toArray());
  }

  private void convolutions(StoredNumbers type) {
    try (StubClient card = new StubClient()) {
      Map<Long, Long> tensors = upload(card, type);
      try (StubGraph graph = new StubGraph(card)) {
        describe(graph, type);
        MemorySegment plan = graph.plan(graph.configurations(cudnn_h.CUDNN_HEUR_MODE_FALLBACK(), 4).getFirst());
        long workspace = card.allocate(graph.workspace(plan));
        StubClient.check(graph.execute(plan, tensors, workspace));
        requireExpected(type, type.download(card, tensors.get(Y), residual.length));
        card.free(workspace);
      }
      free(card, tensors);
    }
    requireNothingLeft();
  }

  private void requireExpected(StoredNumbers type, float[] actual) {
    double tolerance = type == StoredNumbers.FLOATS ? 1e-5 : type == StoredNumbers.HALVES ? 2e-2 : 1.5e-1;
    int i = 0;
    for (int n = 0; n < IMAGES; n++) {
      for (int h = 0; h < HEIGHT; h++) {
        for (int v = 0; v < WIDTH; v++) {
          for (int k = 0; k < OUTPUTS; k++) {
            assertEquals(expected(type, n, h, v, k), actual[i++], tolerance, type.toString());
          }
        }
      }
    }
  }

  /** What engines say of themselves is true. */
  private void engines() {
    try (StubClient card = new StubClient()) {
      Map<Long, Long> tensors = upload(card, StoredNumbers.FLOATS);
      try (StubGraph graph = new StubGraph(card)) {
        describe(graph, StoredNumbers.FLOATS);
        List<MemorySegment> all = graph.configurations(cudnn_h.CUDNN_HEUR_MODE_A(), 8);
        assertEquals(
            List.of(
                List.of(cudnn_h.CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC()),
                List.of(cudnn_h.CUDNN_NUMERICAL_NOTE_TENSOR_CORE(), cudnn_h.CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS()),
                List.of()),
            all.stream().map(graph::notes).toList());
        long workspace = card.allocate(1 << 20);
        float[][] results = new float[6][];
        for (int i = 0; i < results.length; i++) {
          StubClient.check(graph.execute(graph.plan(all.get(i / 2)), tensors, workspace));
          results[i] = card.download(tensors.get(Y), residual.length);
        }
        assertNotEquals(results[0][0], results[1][0], "two results that should differ");
        assertArrayEquals(results[2], results[3], 0);
        assertArrayEquals(results[4], results[2], 1e-1f);
        assertNotEquals(results[2][0], results[4][0], "tensor cores take fewer bits");
        requireExpected(StoredNumbers.FLOATS, results[5]);
        control.set("cudnnRefusingEngines", 4);
        MemorySegment plan = graph.descriptor(cudnn_h.CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR());
        graph.handle(plan, cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_HANDLE());
        graph.others(plan, cudnn_h.CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG(), all.getLast());
        assertEquals(cudnn_h.CUDNN_STATUS_NOT_SUPPORTED(), cudnn_h.cudnnBackendFinalize(plan));
        card.free(workspace);
      }
      free(card, tensors);
    }
    requireNothingLeft();
  }

  /** softmax(A · B) of two matrices each, of which B is one for both. */
  private void attention() {
    float[] a = values(2 * 3 * 4, 5);
    float[] b = values(4 * 5, 6);
    try (StubClient card = new StubClient()) {
      long to = card.allocate(4 * 2 * 3 * 5);
      long workspace = card.allocate(1 << 20);
      Map<Long, Long> tensors = Map.of(X, card.upload(a), W, card.upload(b), Y, to);
      try (StubGraph graph = new StubGraph(card)) {
        StoredNumbers type = StoredNumbers.FLOATS;
        MemorySegment scores = graph.tensor(10, type, true, 2, 3, 5);
        MemorySegment largest = graph.tensor(11, type, true, 2, 3, 1);
        MemorySegment below = graph.tensor(12, type, true, 2, 3, 5);
        MemorySegment powers = graph.tensor(13, type, true, 2, 3, 5);
        MemorySegment sums = graph.tensor(14, type, true, 2, 3, 1);
        graph.product(graph.tensor(X, type, false, 2, 3, 4), graph.tensor(W, type, false, 1, 4, 5), scores);
        graph.reduction(cudnn_h.CUDNN_REDUCE_TENSOR_MAX(), scores, largest);
        graph.pointwise(cudnn_h.CUDNN_POINTWISE_SUB(), below, scores, largest);
        graph.pointwise(cudnn_h.CUDNN_POINTWISE_EXP(), powers, below);
        graph.reduction(cudnn_h.CUDNN_REDUCE_TENSOR_ADD(), powers, sums);
        graph.pointwise(cudnn_h.CUDNN_POINTWISE_DIV(), graph.tensor(Y, type, false, 2, 3, 5), powers, sums);
        MemorySegment plan = graph.plan(graph.configurations(cudnn_h.CUDNN_HEUR_MODE_FALLBACK(), 1).getFirst());
        StubClient.check(graph.execute(plan, tensors, workspace));
      }
      float[] actual = card.download(to, 2 * 3 * 5);
      for (int row = 0; row < 6; row++) {
        double[] powers = new double[5];
        double sum = 0;
        for (int j = 0; j < 5; j++) {
          double score = 0;
          for (int i = 0; i < 4; i++) {
            score += (double) a[row * 4 + i] * b[i * 5 + j];
          }
          powers[j] = Math.exp(score);
          sum += powers[j];
        }
        for (int j = 0; j < 5; j++) {
          assertEquals(powers[j] / sum, actual[row * 5 + j], 1e-5);
        }
      }
      card.free(workspace);
      free(card, tensors);
    }
    requireNothingLeft();
  }

  /** An execution that is captured is done when the graph is launched, and not before. */
  private void graphs() {
    try (StubClient card = new StubClient()) {
      Map<Long, Long> tensors = upload(card, StoredNumbers.FLOATS);
      try (StubGraph graph = new StubGraph(card)) {
        describe(graph, StoredNumbers.FLOATS);
        MemorySegment plan = graph.plan(graph.configurations(cudnn_h.CUDNN_HEUR_MODE_FALLBACK(), 1).getFirst());
        long workspace = card.allocate(graph.workspace(plan));
        StubClient.check(
            driver_h.cuStreamBeginCapture_v2(card.stream, driver_h.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()));
        StubClient.check(graph.execute(plan, tensors, workspace));
        MemorySegment captured = card.made(out -> driver_h.cuStreamEndCapture(card.stream, out));
        assertEquals(Float.NaN, card.download(tensors.get(Y), 1)[0]);
        MemorySegment ready = card.made(out -> driver_h.cuGraphInstantiateWithFlags(out, captured, 0));
        StubClient.check(driver_h.cuGraphLaunch(ready, card.stream));
        requireExpected(StoredNumbers.FLOATS, card.download(tensors.get(Y), residual.length));
        StubClient.check(driver_h.cuGraphExecDestroy(ready));
        StubClient.check(driver_h.cuGraphDestroy(captured));
        card.free(workspace);
      }
      free(card, tensors);
    }
    requireNothingLeft();
  }

  private void violations() {
    try (StubClient card = new StubClient(); StubGraph graph = new StubGraph(card)) {
      MemorySegment raw = graph.descriptor(cudnn_h.CUDNN_BACKEND_TENSOR_DESCRIPTOR());
      MemorySegment operation = graph.descriptor(cudnn_h.CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR());
      assertEquals(NOT_FINALISED, graph.tryOthers(operation, cudnn_h.CUDNN_ATTR_OPERATION_POINTWISE_XDESC(), raw));
      assertNotEquals(0, cudnn_h.cudnnBackendFinalize(raw));
      assertEquals(
          List.of(
              "cudnnBackendSetAttribute: a descriptor is used before it is finalised",
              "cudnnBackendFinalize: attribute 900 is not set"),
          control.violations());
      control.reset();
    }
    try (StubClient card = new StubClient()) {
      Map<Long, Long> tensors = upload(card, StoredNumbers.FLOATS);
      try (StubGraph graph = new StubGraph(card)) {
        describe(graph, StoredNumbers.FLOATS);
        MemorySegment plan = graph.plan(graph.configurations(cudnn_h.CUDNN_HEUR_MODE_FALLBACK(), 1).getFirst());
        long small = card.allocate(graph.workspace(plan) - 1);
        assertEquals(EXECUTION_FAILED, graph.execute(plan, tensors, small));
        assertEquals(1, control.violations().size(), "a workspace that is too small");
        control.reset();
        card.free(small);
      }
      free(card, tensors);
    }
    requireNothingLeft();
  }

  private void failures() {
    try (StubClient card = new StubClient(); StubGraph graph = new StubGraph(card)) {
      control.fail("cudnnBackendFinalize", 2, EXECUTION_FAILED);
      describeUntilItFails(graph);
      assertEquals(2, control.seen("cudnnBackendFinalize"));
    }
    requireNothingLeft();
  }

  private void describeUntilItFails(StubGraph graph) {
    graph.tensor(X, StoredNumbers.FLOATS, false, 1, 1, 1, 1);
    MemorySegment pointwise = graph.descriptor(cudnn_h.CUDNN_BACKEND_POINTWISE_DESCRIPTOR());
    assertEquals(EXECUTION_FAILED, cudnn_h.cudnnBackendFinalize(pointwise));
  }
}
