package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.cudnn.PlanMaker;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.testing.Evaluate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** What {@link CudaBackendTest} runs in a process of its own: cuDNN's engines, and its calls that fail. */
final class CudnnProgram {
  private static final int NOT_SUPPORTED = 3000;
  private static final int OUT_OF_MEMORY = 2;
  private static final int IMAGES = 1;

  /** What single precision may differ by, with any engine. */
  private static final double SINGLE = 1e-5;

  /** Sets of engines, see src/test/native/cuda/core/settings.cpp. */
  private static final int NONE = 0;

  private static final int UNSTEADY = 1;
  private static final int TENSOR_CORES = 2;
  private static final int PLAIN = 4;
  private static final int ALL = 7;

  /** More than engines are chosen at. */
  private static final int MANY = 40;

  /** What the stub counts. */
  private static final String COMPILED = "a plan is compiled";

  private final StubWork work;
  private final StubControl control;
  private final Network network = StubWork.compact();
  private final float[] x = Evaluate.normals(7, IMAGES * network.sampleShape().elements());
  private final float[] expected;

  private CudnnProgram(StubWork work) {
    this.work = work;
    this.control = work.control;
    try (Device reference = Evaluate.open("reference")) {
      expected = predict(reference, Precision.FP32);
    }
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) {
    CudnnProgram program = new CudnnProgram(new StubWork(arguments));
    switch (arguments[2]) {
      case "engines" -> program.engines();
      case "bad engines" -> program.badEngines();
      case "hanging engines" -> program.hangingEngines();
      case "kept plans" -> program.keptPlans();
      case "first batches" -> program.firstBatches();
      case "calls of cuDNN" -> program.calls();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  private float[] predict(Device device, Precision precision) {
    return Evaluate.predict(device, precision, network, work.weights, x, IMAGES, 250);
  }

  private double error(float[] actual) {
    return Math.sqrt(Evaluate.normalizedError(expected, actual));
  }

  /** What a prediction on a card with these engines came to: how far off it is, and how often cuDNN computed. */
  private record Tried(double error, long executions, long launches) {}

  /** Predicts twice on one card and once on another, always the same bits. Counts once engines have been chosen. */
  private Tried tryEngines(Precision precision, Map<String, Integer> settings) {
    control.reset();
    work.forgetPlans();
    settings.forEach(control::set);
    float[] first;
    Tried tried;
    try (Device device = StubWork.open()) {
      first = predict(device, precision);
      long executions = control.seen("cudnnBackendExecute");
      long launches = control.seen("cuLaunchKernel");
      assertArrayEquals(first, predict(device, precision), precision + " with " + settings);
      tried =
          new Tried(
              error(first),
              control.seen("cudnnBackendExecute") - executions,
              control.seen("cuLaunchKernel") - launches);
    }
    try (Device device = StubWork.open()) {
      assertArrayEquals(first, predict(device, precision), precision + " with " + settings + " on another device");
    }
    work.requireNothingLeft(precision + " with " + settings);
    return tried;
  }

  private static Map<String, Integer> offering(int engines, int fallback) {
    return Map.of("cudnnEngines", engines, "cudnnFallbackEngines", fallback);
  }

  private void requireSingle(Tried tried, boolean computed, String when) {
    assertTrue(tried.error() < SINGLE, when + ": " + tried);
    assertEquals(computed, tried.executions() > 0, when + ": " + tried);
  }

  private void engines() {
    Tried usual = tryEngines(Precision.FP32, Map.of());
    requireSingle(usual, true, "all engines");
    requireSingle(tryEngines(Precision.FP32, offering(NONE, PLAIN)), true, "an engine to fall back to");
    requireSingle(tryEngines(Precision.FP32, offering(UNSTEADY, NONE)), false, "an engine whose results change");
    requireSingle(tryEngines(Precision.FP32, offering(NONE, NONE)), false, "no engine");
    requireSingle(tryEngines(Precision.FP32, offering(TENSOR_CORES, NONE)), false, "tensor cores in fp32");
    requireSingle(tryEngines(Precision.FP32, Map.of("cudnnRefusingEngines", ALL)), false, "engines that refuse");
    Map<String, Integer> refusing =
        Map.of("cudnnEngines", ALL, "cudnnFallbackEngines", NONE, "cudnnRefusingEngines", UNSTEADY + TENSOR_CORES);
    requireSingle(tryEngines(Precision.FP32, refusing), true, "one engine that does not refuse");
    Tried apart = tryEngines(Precision.FP32, Map.of("cudnnFusingEngines", NONE));
    requireSingle(apart, true, "engines for one operation");
    assertTrue(apart.launches() > usual.launches(), "our kernels add what engines do not: " + apart + ", " + usual);
    Tried tf32 = tryEngines(Precision.TF32, offering(TENSOR_CORES, NONE));
    assertTrue(tf32.executions() > 0 && tf32.error() > SINGLE && tf32.error() < 1e-2, "tensor cores in tf32: " + tf32);
    requireSingle(tryEngines(Precision.TF32, offering(NONE, NONE)), false, "no engine in tf32");
    for (int engines : new int[] {TENSOR_CORES, UNSTEADY}) {
      Tried bf16 = tryEngines(Precision.BF16, offering(engines, NONE));
      assertTrue(bf16.error() < 0.12 && bf16.executions() > 0 == (engines == TENSOR_CORES), engines + " in bf16: " + bf16);
    }
    Map<String, Integer> transforming = Map.of("cudnnEngines", PLAIN, "cudnnTransformingEngines", PLAIN);
    requireSingle(tryEngines(Precision.FP32, transforming), true, "Winograd's transform in fp32");
    for (Precision precision : List.of(Precision.TF32, Precision.BF16, Precision.FP16)) {
      assertEquals(0, tryEngines(precision, transforming).executions(), "Winograd's transform in " + precision);
    }
    requireSingle(tryEngines(Precision.FP32, Map.of("cudnnWorkspace", 1 << 30)), false, "engines that want a card's memory");
  }

  /** An engine that fails when it is loaded or launched, or computes wrong numbers, is passed over. */
  private void badEngines() {
    for (String fault : List.of("cudnnUnloadableEngines", "cudnnFailingEngines", "cudnnWrongEngines")) {
      for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
        double limit = precision == Precision.FP32 ? SINGLE : 0.12;
        // In single precision only the plain one is used at all.
        for (int bad : precision == Precision.FP32 ? new int[] {PLAIN} : new int[] {TENSOR_CORES, ALL}) {
          String when = fault + " " + bad + " in " + precision;
          Tried tried = tryEngines(precision, Map.of(fault, bad));
          assertTrue(tried.error() < limit, when + ": " + tried);
          assertEquals(bad == TENSOR_CORES, tried.executions() > 0, when + ": " + tried);
        }
      }
    }
    System.setProperty(PlanMaker.FUSED_PROPERTY, "false");
    requireSingle(tryEngines(Precision.FP32, Map.of("cudnnEngines", PLAIN)), true, "one operation a graph");
    System.setProperty(PlanMaker.FUSED_PROPERTY, "no");
    String told = assertThrows(BackendException.class, StubWork::open).getMessage();
    assertEquals("unnoise.cudnn.fused is no, expected true or false", told);
    System.clearProperty(PlanMaker.FUSED_PROPERTY);
    work.requireNothingLeft("after a property of no use");
  }

  /** Threads that wait for one another in the library do not hang as long as any of them gets on. */
  private void slowEngines() {
    System.setProperty(PlanMaker.SECONDS_PROPERTY, "1");
    Tried slow = tryEngines(Precision.BF16, Map.of("cudnnCompileMillis", 300));
    assertTrue(slow.error() < 0.12, slow::toString);
    Tried quick = tryEngines(Precision.BF16, Map.of());
    assertEquals(quick.executions(), slow.executions(), "engines that take their time are used");
  }

  /** A call that does not come back costs a second, and its thread. */
  private void hangingEngines() {
    slowEngines();
    System.setProperty(PlanMaker.SECONDS_PROPERTY, "1");
    work.forgetPlans();
    control.reset();
    control.set("cudnnHangingEngines", TENSOR_CORES);
    try (Device device = StubWork.open()) {
      assertTrue(error(predict(device, Precision.BF16)) < 0.12);
      long handles = control.alive().get("cuDNN handles");
      assertTrue(handles > 2, "abandoned threads have " + handles + " handles");
      control.set("cudnnHangingEngines", 0);
      waitUntil(() -> control.alive().get("cuDNN handles") < handles);
      assertTrue(error(predict(device, Precision.BF16)) < 0.12);
    }
    work.requireNothingLeft("once calls have come back");
    control.reset();
    try (Device device = StubWork.open()) {
      assertTrue(error(predict(device, Precision.BF16)) < 0.12);
    }
    assertTrue(control.seen(COMPILED) > 0, "what nobody waited for is not decided");
    work.forgetPlans();
    // Closing waits for nothing that hangs, and leaves its handle alone.
    control.set("cudnnHangingEngines", TENSOR_CORES);
    try (Device device = StubWork.open()) {
      assertTrue(error(predict(device, Precision.BF16)) < 0.12);
    }
    assertTrue(control.alive().get("cuDNN handles") > 0, control.alive()::toString);
    assertEquals(List.of(), control.violations());
    // This process must not end while the stubs are in use.
    control.set("cudnnHangingEngines", 0);
    waitUntil(() -> Thread.getAllStackTraces().keySet().stream().noneMatch(one -> one.getName().contains("cudnn")));
    System.setProperty(PlanMaker.SECONDS_PROPERTY, "soon");
    String told = assertThrows(BackendException.class, StubWork::open).getMessage();
    assertEquals("unnoise.cudnn.seconds is soon, expected a whole number within [1, 3600]", told);
  }

  private static void waitUntil(BooleanSupplier reached) {
    for (int i = 0; !reached.getAsBoolean(); i++) {
      assertTrue(i < 500, "nothing happens");
      LockSupport.parkNanos(20_000_000);
    }
  }

  /** What compiling took place for a prediction. */
  private long compiled(Precision precision, float[] same) {
    control.reset();
    try (Device device = StubWork.open()) {
      assertArrayEquals(same, predict(device, precision));
    }
    long compiled = control.seen(COMPILED);
    work.requireNothingLeft("with plans that were kept");
    return compiled;
  }

  /** No process but the first compiles, unless what was kept is of no use. */
  private void keptPlans() {
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      control.reset();
      float[] first;
      try (Device device = StubWork.open()) {
        first = predict(device, precision);
        long threads = control.seen("cudnnCreate") - 1;
        assertTrue(threads >= 1 && threads <= Runtime.getRuntime().availableProcessors(), threads + " threads compiled");
      }
      assertTrue(control.seen(COMPILED) > 0);
      int files = work.plans().size();
      assertEquals(0, compiled(precision, first), "plans are kept");
      work.plans().forEach(CudnnProgram::cut);
      assertTrue(compiled(precision, first) > 0, "damaged files");
      assertEquals(files, work.plans().size(), "what was damaged is replaced");
      assertEquals(0, compiled(precision, first), "what was damaged is replaced");
      otherVersion(precision, first);
    }
    work.forgetPlans();
    control.reset();
    control.set("cudnnWritesPlans", 0);
    try (Device device = StubWork.open()) {
      assertTrue(error(predict(device, Precision.FP32)) < SINGLE);
    }
    assertTrue(control.seen(COMPILED) > 0);
    work.requireNothingLeft("with plans that cannot be written down");
  }

  private static void cut(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      Files.write(file, Arrays.copyOf(bytes, bytes.length - 1));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The library may refuse its own text. */
  private void otherVersion(Precision precision, float[] same) {
    control.reset();
    control.set("cudnnVersion", 92_500);
    try (Device device = StubWork.open()) {
      assertArrayEquals(same, predict(device, precision));
    }
    assertTrue(control.seen(COMPILED) > 0, "another version's plans are made again");
    work.requireNothingLeft("with plans of another version");
  }

  /** Whatever batch comes first, an image is the same. */
  private void firstBatches() {
    float[] few = work.withFreshCache(() -> sample(Precision.BF16, 4));
    float[] many = work.withFreshCache(() -> sample(Precision.BF16, MANY));
    assertArrayEquals(few, Arrays.copyOf(many, few.length), "4 images first, or " + MANY);
    work.requireNothingLeft("after batches");
  }

  private float[] sample(Precision precision, int images) {
    try (Device device = StubWork.open();
        Pipeline pipeline = new Pipeline(device, network, work.weights, precision)) {
      return StubWork.sample(pipeline, StubWork.request(network, 2, images)).images();
    }
  }

  private float[] live() {
    try (Device device = StubWork.open()) {
      return predict(device, Precision.FP32);
    }
  }

  /** Where cuDNN refuses to finalise, another engine or our kernels may compute; all else that fails is told. */
  private void calls() {
    control.reset();
    work.forgetPlans();
    float[] clean = live();
    assertTrue(error(clean) < SINGLE);
    whileCompiling(clean);
    assertArrayEquals(clean, live());
    control.reset();
    assertArrayEquals(clean, live());
    Map<String, Long> calls = new LinkedHashMap<>();
    for (String name :
        List.of(
            "cudnnCreate", "cudnnSetStream", "cudnnBackendCreateDescriptor", "cudnnBackendSetAttribute",
            "cudnnBackendFinalize", "cudnnBackendGetAttribute", "cudnnBackendExecute")) {
      calls.put(name, control.seen(name));
    }
    calls.forEach(
        (name, count) -> {
          for (long nth : StubWork.places(name, count)) {
            fail(name, nth, StubWork.CUDNN_INTERNAL_ERROR);
          }
          control.reset();
          assertArrayEquals(clean, live(), "after " + name);
          work.requireNothingLeft("after " + name);
        });
    long count = calls.get("cudnnBackendFinalize");
    for (int i = 1; i < 20; i++) {
      fail("cudnnBackendFinalize", i * count / 20, NOT_SUPPORTED);
    }
    onOneDevice(clean);
  }

  /** Where engines are looked for, compiled and tried, a call that fails may cost an engine; if not, it is told. */
  private void whileCompiling(float[] clean) {
    for (String name :
        List.of(
            "cudnnCreate", "cudnnBackendFinalize", "cudnnBackendGetAttribute", "cudnnBackendExecute", "cuMemAlloc_v2")) {
      control.reset();
      work.forgetPlans();
      assertArrayEquals(clean, live(), "while nothing fails");
      for (long nth : List.of(1L, control.seen(name) / 2)) {
        work.forgetPlans();
        control.reset();
        control.fail(name, nth, name.equals("cuMemAlloc_v2") ? OUT_OF_MEMORY : StubWork.CUDNN_INTERNAL_ERROR);
        String when = name + " failing at call " + nth + " while plans are compiled";
        try {
          double error = error(live());
          assertTrue(error < SINGLE, when + ": " + error);
        } catch (BackendException e) {
          assertEquals(1, e.getMessage().lines().count(), when + ": " + e.getMessage());
        }
        work.requireNothingLeft(when);
      }
    }
    work.forgetPlans();
  }

  private void fail(String name, long nth, int status) {
    String when = name + " failing at call " + nth;
    control.reset();
    control.fail(name, nth, status);
    try {
      double error = error(live());
      assertTrue(name.equals("cudnnBackendFinalize"), when + " is not told of");
      assertTrue(error < SINGLE, when + ": " + error);
    } catch (BackendException e) {
      assertTrue(e.getMessage().startsWith("cuDNN's " + name), when + ": " + e.getMessage());
      assertEquals(1, e.getMessage().lines().count(), when + ": " + e.getMessage());
      assertEquals(0, e.getSuppressed().length, when);
    }
    work.requireNothingLeft(when);
  }

  /** A device that has failed predicts again; graphs were prepared by the first prediction. */
  private void onOneDevice(float[] clean) {
    try (Device device = StubWork.open()) {
      predict(device, Precision.FP32);
      for (String name :
          List.of("cudnnBackendCreateDescriptor", "cudnnBackendSetAttribute", "cudnnBackendFinalize", "cudnnBackendExecute")) {
        control.reset();
        predict(device, Precision.FP32);
        for (long nth : StubWork.places(name, control.seen(name))) {
          control.fail(name, nth, StubWork.CUDNN_INTERNAL_ERROR);
          BackendException told = assertThrows(BackendException.class, () -> predict(device, Precision.FP32), name);
          assertTrue(told.getMessage().startsWith("cuDNN's " + name), told.getMessage());
          assertArrayEquals(clean, predict(device, Precision.FP32), "after " + name);
        }
      }
    }
    work.requireNothingLeft("after failures on one device");
  }
}
