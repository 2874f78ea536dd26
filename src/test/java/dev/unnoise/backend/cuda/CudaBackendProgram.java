package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.Program;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.SamplingJob;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.RandomNetworks;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;

/** What {@link CudaBackendTest} runs in a process of its own: work that nothing disturbs. */
final class CudaBackendProgram {
  private final StubWork work;
  private final StubControl control;

  private CudaBackendProgram(StubWork work) {
    this.work = work;
    this.control = work.control;
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) {
    CudaBackendProgram program = new CudaBackendProgram(new StubWork(arguments));
    switch (arguments[2]) {
      case "sampling" -> program.sampling();
      case "warm-ups" -> program.warmUps();
      case "networks" -> program.networks();
      case "convolutions" -> program.convolutions();
      case "no libraries" -> program.withoutLibraries();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  private void sampling() {
    Network network = StubWork.tiny();
    float[] expected;
    try (Device reference = Evaluate.open("reference")) {
      expected = work.sampleOn(reference, network);
    }
    try (Device device = StubWork.open();
        Pipeline pipeline = work.pipeline(device, network)) {
      float[] images = StubWork.sample(pipeline, StubWork.request(network, StubWork.STEPS)).images();
      double difference = Evaluate.largestDifference(expected, images);
      assertTrue(difference < 1e-3, "differs by " + difference);
      for (long deferred = 0; deferred < 2; deferred++) {
        long waits = waits(pipeline, network, StubWork.STEPS, deferred);
        assertEquals(waits, waits(pipeline, network, StubWork.STEPS + 5, deferred), "waits do not grow with the steps");
      }
    }
    work.requireNothingLeft("after closing");
  }

  /** Samples, and counts how often the host waited. */
  private long waits(Pipeline pipeline, Network network, int steps, long deferred) {
    control.reset();
    control.set("deferred", deferred);
    StubWork.Sampled sampled = StubWork.sample(pipeline, StubWork.request(network, steps));
    assertEquals(steps, control.seen("cuGraphLaunch"), "one replay a step");
    assertEquals(1, control.seen("cuStreamBeginCapture_v2"));
    assertEquals(0, sampled.report().hostSyncsInLoop());
    assertEquals(0, sampled.report().allocationsInLoop());
    assertEquals(0, control.seen("cuEventSynchronize"));
    assertEquals(List.of(), control.violations());
    return control.seen("cuStreamSynchronize");
  }

  /** Nothing is recorded that has not been launched before, and no more is launched for that than needed. */
  private void warmUps() {
    Network network = StubWork.tiny();
    try (Device device = StubWork.open();
        Pipeline pipeline = work.pipeline(device, network);
        Program program = pipeline.loaded().compile(4)) {
      assertEquals(Set.of("kernel"), program.computedBy().keySet(), "too narrow for libraries");
      long cold = launches(program, network, 2, false);
      long warm = launches(program, network, 2, false);
      assertTrue(warm < cold, "the first job warms up");
      assertEquals(cold, launches(program, network, 4, false), "more images are new");
      assertEquals(warm, launches(program, network, 3, false), "fewer are not");
      long thresholded = launches(program, network, 2, true);
      assertTrue(thresholded > cold, "dynamic thresholding is new");
      assertEquals(warm + 1, launches(program, network, 4, true), "it is known now, for as many images as ever");
      assertEquals(warm, launches(program, network, 4, false));
    }
    work.requireNothingLeft("after closing");
  }

  /** How many kernels are launched for a job, whether they run or are recorded. */
  private long launches(Program program, Network network, int images, boolean thresholds) {
    StepTable plain = StubWork.table(StubWork.STEPS);
    Clipping clipping = thresholds ? new Clipping.Dynamic(0.9, 2) : plain.clipping();
    StepTable table = new StepTable(plain.rows(), clipping, plain.learnedVariance(), plain.initialScale());
    long bytes = Output.Form.FLOAT32_CHW.bytes(network.sampleShape());
    control.reset();
    try (Arena arena = Arena.ofConfined()) {
      program.sample(
          new SamplingJob(
              table,
              1,
              LongStream.range(0, images).toArray(),
              new int[images],
              Optional.empty(),
              Optional.empty(),
              new Output(Output.Form.FLOAT32_CHW, arena.allocate(images * bytes)),
              RunMonitor.NONE));
    }
    assertEquals(List.of(), control.violations());
    return control.seen("cuLaunchKernel");
  }

  private void networks() {
    Map<Precision, Double> limits = new LinkedHashMap<>();
    limits.put(Precision.FP32, 1e-5);
    limits.put(Precision.BF16, 0.12);
    limits.put(Precision.FP16, 0.015);
    try (Device reference = Evaluate.open("reference");
        Device device = StubWork.open()) {
      for (long seed = 800; seed < 802; seed++) {
        Network drawn = RandomNetworks.network(RandomNetworks.config(seed));
        float[] x = Evaluate.normals(seed, 2 * drawn.sampleShape().elements());
        int[] labels = drawn.labelled() ? new int[] {1, 2} : new int[0];
        float[] expected = Evaluate.predict(reference, drawn, work.weights, x, 2, 250, labels);
        // Every precision takes programs of its own, which take a while to compile.
        for (Map.Entry<Precision, Double> limit : seed == 800 ? limits.entrySet() : Map.of(Precision.FP32, 1e-5).entrySet()) {
          float[] actual = Evaluate.predict(device, limit.getKey(), drawn, work.weights, x, 2, 250, labels);
          double error = Math.sqrt(Evaluate.normalizedError(expected, actual));
          assertTrue(error < limit.getValue(), "seed " + seed + " in " + limit.getKey() + ": " + error);
        }
      }
    }
    work.requireNothingLeft("after closing");
  }

  /** Wide layers are cuDNN's. */
  private void convolutions() {
    Network wide = RandomNetworks.network(RandomNetworks.wide());
    float[] x = Evaluate.normals(7, wide.sampleShape().elements());
    try (Device reference = Evaluate.open("reference");
        Device device = StubWork.open()) {
      float[] expected = Evaluate.predict(reference, wide, work.weights, x, 1, 250);
      try (LoadedNetwork loaded = device.load(wide, work.weights, Precision.FP32);
          Program program = loaded.compile(1)) {
        Map<String, Integer> by = program.computedBy();
        assertEquals(Set.of("cuDNN", "kernel"), by.keySet(), by.toString());
      }
      for (Map.Entry<Precision, Double> limit : Map.of(Precision.FP32, 1e-5, Precision.BF16, 0.12).entrySet()) {
        control.reset();
        float[] actual = Evaluate.predict(device, limit.getKey(), wide, work.weights, x, 1, 250);
        double error = Math.sqrt(Evaluate.normalizedError(expected, actual));
        assertTrue(error < limit.getValue(), limit.getKey() + ": " + error);
        assertTrue(control.seen("cudnnBackendExecute") > 5, "cuDNN computed nothing");
        assertEquals(List.of(), control.violations());
      }
    }
    work.requireNothingLeft("after closing");
  }

  /** Our kernels compute what libraries would. */
  private void withoutLibraries() {
    System.setProperty(CudaLibraries.WITHOUT_PROPERTY, "cudnn,cublaslt");
    Network network = StubWork.compact();
    float[] x = Evaluate.normals(7, network.sampleShape().elements());
    try (Device reference = Evaluate.open("reference");
        Device device = StubWork.open()) {
      assertTrue(device.info().toString().contains("slower without cuBLASLt and cuDNN"), device.info().toString());
      assertEquals(List.of(Precision.FP32, Precision.BF16, Precision.FP16), device.info().precisions());
      float[] expected = Evaluate.predict(reference, network, work.weights, x, 1, 250);
      float[] actual = Evaluate.predict(device, Precision.FP32, network, work.weights, x, 1, 250);
      double error = Math.sqrt(Evaluate.normalizedError(expected, actual));
      assertTrue(error < 1e-5, "error " + error);
      assertEquals(0, control.seen("cudnnCreate") + control.seen("cublasLtCreate"));
    }
    work.requireNothingLeft("after closing");
  }
}
