package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.testing.Evaluate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@link CudaBackendTest} runs in a process of its own: cuDNN's engines, and its calls that fail. */
final class CudnnProgram {
  private static final int NOT_SUPPORTED = 3000;
  private static final int IMAGES = 1;

  /** What single precision may differ by, with any engine. */
  private static final double SINGLE = 1e-5;

  /** Sets of engines, see src/test/native/cuda/core/settings.cpp. */
  private static final int NONE = 0;

  private static final int UNSTEADY = 1;
  private static final int TENSOR_CORES = 2;
  private static final int PLAIN = 4;
  private static final int ALL = 7;

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

  /** Predicts twice on one card and once on another, always the same bits. */
  private Tried tryEngines(Precision precision, Map<String, Integer> settings) {
    control.reset();
    settings.forEach(control::set);
    float[] first;
    Tried tried;
    try (Device device = StubWork.open()) {
      first = predict(device, precision);
      tried = new Tried(error(first), control.seen("cudnnBackendExecute"), control.seen("cuLaunchKernel"));
      assertArrayEquals(first, predict(device, precision), precision + " with " + settings);
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
    noMemoryForWorkspace();
  }

  private void noMemoryForWorkspace() {
    control.reset();
    control.set("cudnnWorkspace", 8L << 30);
    try (Device device = StubWork.open()) {
      BackendException told = assertThrows(BackendException.class, () -> predict(device, Precision.FP32));
      assertTrue(told.getMessage().startsWith("Stub card 0 has no memory for "), told.getMessage());
    }
    work.requireNothingLeft("without memory for a workspace");
  }

  private float[] live() {
    try (Device device = StubWork.open()) {
      return predict(device, Precision.FP32);
    }
  }

  /** Where cuDNN refuses to finalise, another engine or our kernels may compute; all else that fails is told. */
  private void calls() {
    control.reset();
    float[] clean = live();
    assertTrue(error(clean) < SINGLE);
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
