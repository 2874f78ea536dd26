package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import dev.unnoise.backend.cuda.bindings.nvrtc.nvrtc_h;
import dev.unnoise.backend.kernels.KernelSource;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** What {@link CudaStubsTest} runs in a process of its own: what the stubs of the driver and of NVRTC compute. */
final class DriverStubProgram {
  private static final int ILLEGAL_ADDRESS = 700;
  private static final int OUT_OF_RESOURCES = 701;
  private static final Map<String, Integer> FLOATS = Map.of("VW", 4, "STORAGE", 0);

  private final StubControl control;

  private DriverStubProgram(StubControl control) {
    this.control = control;
  }

  /** Takes the folder of the stubs. */
  public static void main(String[] arguments) {
    DriverStubProgram program = new DriverStubProgram(StubControl.load(Path.of(arguments[0])));
    program.kernels();
    program.barriers();
    program.graphs();
    program.times();
    program.compilerErrors();
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

  /** (left + right) · scale of a map of pixels × channels, by pointwise.kernel. */
  private static int sum(
      StubClient card, MemorySegment function, long left, long right, long to, int channels, int pixels, float scale) {
    int vectors = (channels + 3) / 4;
    return card.launch(
        function, List.of(vectors, 2, 1), List.of(1, 1, 1),
        left, 0L, channels, channels, 1, pixels, 0,
        right, 0L, channels,
        to, 0L, channels,
        0L, 0, -1, -1,
        0L, 1.0f, 0.0f, scale, 0, (pixels + 1) / 2);
  }

  private void kernels() {
    int channels = 10;
    int pixels = 7;
    float[] left = values(channels * pixels, 1);
    float[] right = values(channels * pixels, 2);
    for (int storage : new int[] {0, 1, 2}) {
      try (StubClient card = new StubClient()) {
        MemorySegment module = card.module(new KernelSource("pointwise", Map.of("VW", 4, "STORAGE", storage)));
        MemorySegment function = card.function(module, "pointwise");
        StoredNumbers stored = StoredNumbers.of(storage);
        long a = stored.upload(card, left);
        long b = stored.upload(card, right);
        long result = card.allocate((long) left.length * stored.bytes());
        StubClient.check(sum(card, function, a, b, result, channels, pixels, 0.5f));
        float[] actual = stored.download(card, result, left.length);
        for (int i = 0; i < left.length; i++) {
          float expected = stored.rounded((stored.rounded(left[i]) + stored.rounded(right[i])) * 0.5f);
          assertEquals(expected, actual[i], 1e-6f, "storage " + storage);
        }
        card.free(a, b, result);
        StubClient.check(driver_h.cuModuleUnload(module));
      }
      control.requireNothingLeft();
    }
  }

  /** Group normalisation of one image, whose threads share sums. */
  private void barriers() {
    int channels = 12;
    int pixels = 50;
    int perGroup = 6;
    float[] map = values(channels * pixels, 3);
    float[] weight = values(channels, 4);
    float[] bias = values(channels, 5);
    KernelSource source =
        new KernelSource("group_norm_whole", Map.of("VW", 4, "STORAGE", 0, "ITEMS", 64, "VECTORS", 3));
    try (StubClient card = new StubClient()) {
      MemorySegment module = card.module(source);
      long from = card.upload(map);
      long w = card.upload(weight);
      long b = card.upload(bias);
      long to = card.allocate(4L * map.length);
      MemorySegment function = card.function(module, "group_norm");
      Object[] arguments = {
        from, 0L, channels, from, 0L, channels, channels,
        to, 0L, channels, channels, pixels,
        w, b, perGroup, channels, 1e-5f,
        0L, 0, 0, 0, 0
      };
      StubClient.check(card.launch(function, List.of(1, 1, 1), List.of(64, 1, 1), arguments));
      float[] actual = card.download(to, map.length);
      for (int i = 0; i < map.length; i++) {
        int c = i % channels;
        double expected = normalized(map, channels, perGroup, i) * weight[c] + bias[c];
        assertEquals(expected, actual[i], 1e-5);
      }
      assertEquals(OUT_OF_RESOURCES, card.launch(function, List.of(1, 1, 1), List.of(65, 1, 1), arguments));
      assertEquals(
          List.of("cuLaunchKernel: group_norm: more threads than __launch_bounds__ promised"), control.violations());
      control.reset();
      card.free(from, w, b, to);
      StubClient.check(driver_h.cuModuleUnload(module));
    }
    control.requireNothingLeft();
  }

  private static double normalized(float[] map, int channels, int perGroup, int at) {
    double sum = 0;
    double squares = 0;
    int count = 0;
    for (int i = 0; i < map.length; i++) {
      if (i % channels / perGroup == at % channels / perGroup) {
        sum += map[i];
        squares += (double) map[i] * map[i];
        count++;
      }
    }
    double mean = sum / count;
    return (map[at] - mean) / Math.sqrt(squares / count - mean * mean + 1e-5);
  }

  /** x = (x + 1) · 2, three times over. */
  private void graphs() {
    try (StubClient card = new StubClient(); Arena arena = Arena.ofConfined()) {
      MemorySegment module = card.module(new KernelSource("pointwise", FLOATS));
      MemorySegment function = card.function(module, "pointwise");
      long x = card.upload(1, 2, 3, 4);
      long y = card.allocate(16);
      long one = card.upload(1, 1, 1, 1);
      StubClient.check(
          driver_h.cuStreamBeginCapture_v2(card.stream, driver_h.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL()));
      StubClient.check(sum(card, function, x, one, y, 4, 1, 2));
      StubClient.check(driver_h.cuMemcpyDtoDAsync_v2(x, y, 16, card.stream));
      MemorySegment graph = card.made(out -> driver_h.cuStreamEndCapture(card.stream, out));
      MemorySegment count = arena.allocate(8);
      StubClient.check(driver_h.cuGraphGetNodes(graph, MemorySegment.NULL, count));
      assertEquals(2, count.get(driver_h.C_LONG, 0));
      MemorySegment ready = card.made(out -> driver_h.cuGraphInstantiateWithFlags(out, graph, 0));
      StubClient.check(driver_h.cuGraphDestroy(graph));
      assertEquals(List.of(1f, 2f, 3f, 4f), list(card.download(x, 4)), "nothing runs while it is captured");
      for (int i = 0; i < 3; i++) {
        StubClient.check(driver_h.cuGraphLaunch(ready, card.stream));
      }
      assertEquals(List.of(22f, 30f, 38f, 46f), list(card.download(x, 4)));
      assertEquals(3, control.seen("cuGraphLaunch"));
      assertEquals(Map.of(
          "allocations", 3L, "executable graphs", 1L, "modules", 1L, "retained contexts", 1L, "streams", 1L),
          control.alive());
      card.free(y);
      assertEquals(ILLEGAL_ADDRESS, driver_h.cuGraphLaunch(ready, card.stream));
      assertTrue(control.violations().getFirst().contains("argument 10: "), control.violations().toString());
      control.reset();
      card.free(x, one);
      StubClient.check(driver_h.cuGraphExecDestroy(ready));
      StubClient.check(driver_h.cuModuleUnload(module));
    }
    control.requireNothingLeft();
  }

  /** An event's time is when the work before it was done, not when it was recorded. */
  private void times() {
    control.set("deferred", 1);
    try (StubClient card = new StubClient(); Arena arena = Arena.ofConfined()) {
      MemorySegment other = card.made(out -> driver_h.cuStreamCreate(out, driver_h.CU_STREAM_NON_BLOCKING()));
      MemorySegment late = card.made(out -> driver_h.cuEventCreate(out, driver_h.CU_EVENT_DEFAULT()));
      MemorySegment early = card.made(out -> driver_h.cuEventCreate(out, driver_h.CU_EVENT_DEFAULT()));
      long at = card.allocate(4);
      StubClient.check(driver_h.cuMemsetD8Async(at, (byte) 0, 4, card.stream));
      StubClient.check(driver_h.cuEventRecord(late, card.stream));
      StubClient.check(driver_h.cuEventRecord(early, other));
      StubClient.check(driver_h.cuEventSynchronize(late));
      MemorySegment milliseconds = arena.allocate(driver_h.C_FLOAT);
      StubClient.check(driver_h.cuEventElapsedTime(milliseconds, early, late));
      float elapsed = milliseconds.get(driver_h.C_FLOAT, 0);
      assertTrue(elapsed > 0, elapsed + " ms");
      StubClient.check(driver_h.cuEventElapsedTime(milliseconds, late, early));
      assertEquals(-elapsed, milliseconds.get(driver_h.C_FLOAT, 0));
      StubClient.check(driver_h.cuEventElapsedTime(milliseconds, late, late));
      assertEquals(0, milliseconds.get(driver_h.C_FLOAT, 0));
      StubClient.check(driver_h.cuEventDestroy_v2(early));
      StubClient.check(driver_h.cuEventDestroy_v2(late));
      StubClient.check(driver_h.cuStreamDestroy_v2(other));
      card.free(at);
    }
    control.requireNothingLeft();
  }

  private static List<Float> list(float[] values) {
    Float[] boxed = new Float[values.length];
    for (int i = 0; i < values.length; i++) {
      boxed[i] = values[i];
    }
    return List.of(boxed);
  }

  private void compilerErrors() {
    try (StubClient card = new StubClient()) {
      MemorySegment program = card.program("wrong.cu", "extern \"C\" __global__ void k(int *p) {\n  *p = nobody;\n}\n");
      assertEquals(nvrtc_h.NVRTC_ERROR_COMPILATION(), card.compile(program, "-arch=sm_90"));
      assertTrue(card.log(program).contains("wrong.cu:2:8: error: "), card.log(program));
      card.destroy(program);
    }
    control.requireNothingLeft();
  }
}
