package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.api.Driver;
import dev.unnoise.backend.cuda.cudnn.Cudnn;
import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.graph.run.UserCache;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;
import java.util.stream.LongStream;

/** What {@link CudaBackendTest} runs in a process of its own. */
final class CudaBackendProgram {
  private static final int ILLEGAL_ADDRESS = 700;
  private static final int OUT_OF_MEMORY = 2;
  private static final int NVRTC_COMPILATION = 6;
  private static final int CUDNN_INTERNAL_ERROR = 4000;
  private static final int IMAGES = 3;
  private static final int STEPS = 4;

  private final StubControl control;
  private final Path cache;
  private final Network network;
  private final NormalWeights weights = new NormalWeights(1);

  private CudaBackendProgram(StubControl control, Path cache) {
    this.control = control;
    this.cache = cache;
    UNetConfig config =
        LongStream.range(0, 200)
            .mapToObj(RandomNetworks::config)
            .filter(one -> one.labelled() && one.outChannels() == one.inChannels())
            .min(Comparator.comparingLong(one -> RandomNetworks.network(one).flop()))
            .orElseThrow();
    this.network = RandomNetworks.network(config);
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) {
    Path stubs = Path.of(arguments[0]);
    System.setProperty("unnoise.cuda.path", stubs.toString());
    System.setProperty(UserCache.PROPERTY, arguments[1]);
    CudaBackendProgram program = new CudaBackendProgram(new StubControl(stubs), Path.of(arguments[1]));
    switch (arguments[2]) {
      case "sampling" -> program.sampling();
      case "networks" -> program.networks();
      case "convolutions" -> program.convolutions();
      case "failures" -> program.failures();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  private static Device open() {
    return Backends.open("cuda", 0).device();
  }

  private void requireNothingLeft(String when) {
    assertEquals(Map.of(), control.alive(), when);
    assertEquals(List.of(), control.violations(), when);
    assertEquals(0, Driver.held(), when);
  }

  private static StepTable table(int steps) {
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
    return Samplers.named("ddim").orElseThrow().table(scheduler, steps, new SamplerOptions(OptionalDouble.of(1)));
  }

  private record Sampled(float[] images, SampleReport report) {}

  private static Sampled sample(Pipeline pipeline, int steps) {
    SampleRequest request =
        SampleRequest.of(table(steps), IMAGES)
            .labelled(new Labels(List.of(0, 1)), Optional.empty())
            .as(Output.Form.FLOAT32_CHW);
    float[][] images = new float[1][];
    SampleReport report =
        pipeline.sample(request, (segment, count) -> images[0] = segment.toArray(ValueLayout.JAVA_FLOAT_UNALIGNED));
    return new Sampled(images[0], report);
  }

  private Sampled sampleOn(Device device) {
    try (Pipeline pipeline = new Pipeline(device, network, weights, Precision.FP32)) {
      return sample(pipeline, STEPS);
    }
  }

  private void sampling() {
    float[] expected;
    try (Device reference = Evaluate.open("reference")) {
      expected = sampleOn(reference).images();
    }
    try (Device device = open();
        Pipeline pipeline = new Pipeline(device, network, weights, Precision.FP32)) {
      Sampled first = sample(pipeline, STEPS);
      double difference = Evaluate.largestDifference(expected, first.images());
      assertTrue(difference < 1e-3, "differs by " + difference);
      long syncs = syncsAndReplays(pipeline, STEPS);
      assertEquals(syncs, syncsAndReplays(pipeline, STEPS + 5), "waits do not grow with the steps");
    }
    requireNothingLeft("after closing");
  }

  /** Samples, and counts how often the host waited. */
  private long syncsAndReplays(Pipeline pipeline, int steps) {
    control.reset();
    Sampled sampled = sample(pipeline, steps);
    assertEquals(steps, control.seen("cuGraphLaunch"), "one replay a step");
    assertEquals(1, control.seen("cuStreamBeginCapture_v2"));
    assertEquals(0, sampled.report().hostSyncsInLoop());
    assertEquals(0, sampled.report().allocationsInLoop());
    assertEquals(List.of(), control.violations());
    return control.seen("cuStreamSynchronize");
  }

  private void networks() {
    Map<Precision, Double> limits = new LinkedHashMap<>();
    limits.put(Precision.FP32, 1e-5);
    limits.put(Precision.BF16, 0.12);
    limits.put(Precision.FP16, 0.015);
    try (Device reference = Evaluate.open("reference");
        Device device = open()) {
      for (long seed = 800; seed < 802; seed++) {
        Network drawn = RandomNetworks.network(RandomNetworks.config(seed));
        float[] x = Evaluate.normals(seed, 2 * drawn.sampleShape().elements());
        int[] labels = drawn.labelled() ? new int[] {1, 2} : new int[0];
        float[] expected = Evaluate.predict(reference, drawn, weights, x, 2, 250, labels);
        // Every precision takes programs of its own, which take a while to compile.
        for (Map.Entry<Precision, Double> limit : seed == 800 ? limits.entrySet() : Map.of(Precision.FP32, 1e-5).entrySet()) {
          float[] actual = Evaluate.predict(device, limit.getKey(), drawn, weights, x, 2, 250, labels);
          double error = Math.sqrt(Evaluate.normalizedError(expected, actual));
          assertTrue(error < limit.getValue(), "seed " + seed + " in " + limit.getKey() + ": " + error);
        }
      }
    }
    requireNothingLeft("after closing");
  }

  /** Wide layers are cuDNN's. */
  private void convolutions() {
    Network wide = RandomNetworks.network(RandomNetworks.wide());
    float[] x = Evaluate.normals(7, wide.sampleShape().elements());
    try (Device reference = Evaluate.open("reference");
        Device device = open()) {
      float[] expected = Evaluate.predict(reference, wide, weights, x, 1, 250);
      for (Map.Entry<Precision, Double> limit : Map.of(Precision.FP32, 1e-5, Precision.BF16, 0.12).entrySet()) {
        control.reset();
        float[] actual = Evaluate.predict(device, limit.getKey(), wide, weights, x, 1, 250);
        double error = Math.sqrt(Evaluate.normalizedError(expected, actual));
        assertTrue(error < limit.getValue(), limit.getKey() + ": " + error);
        assertTrue(control.seen("cudnnBackendExecute") > 5, "cuDNN computed nothing");
        assertEquals(List.of(), control.violations());
      }
      for (String name : List.of("cudnnBackendCreateDescriptor", "cudnnBackendSetAttribute", "cudnnBackendExecute")) {
        control.reset();
        control.fail(name, 3, CUDNN_INTERNAL_ERROR);
        BackendException told =
            assertThrows(
                BackendException.class, () -> Evaluate.predict(device, Precision.FP32, wide, weights, x, 1, 250), name);
        assertTrue(told.getMessage().startsWith("cuDNN's " + name), told.getMessage());
      }
    }
    requireNothingLeft("after closing");
    assertEquals(0, Cudnn.held());
  }

  /** The first, the last and a middle call of every kind fails in turn: one clear error, nothing left, and on it goes. */
  private void failures() {
    float[] expected = sampleAfresh("clean");
    Map<String, Long> calls = new LinkedHashMap<>();
    for (String name :
        List.of(
            "cuDeviceGetCount", "cuDevicePrimaryCtxRetain", "cuCtxSetCurrent", "cuStreamCreate", "cuMemHostAlloc",
            "cuMemAlloc_v2", "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuMemcpyDtoDAsync_v2",
            "cuModuleLoadData", "cuModuleGetFunction", "cuLaunchKernel", "cuStreamBeginCapture_v2",
            "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphUpload", "cuGraphLaunch", "cuEventCreate",
            "cuEventRecord", "cuEventQuery", "cuStreamSynchronize", "nvrtcCreateProgram", "nvrtcCompileProgram",
            "nvrtcGetCUBIN")) {
      calls.put(name, control.seen(name));
    }
    calls.forEach(
        (name, count) -> {
          assertTrue(count > 0, name + " is never called");
          for (long nth : new TreeSet<>(Arrays.asList(1L, (count + 1) / 2, count))) {
            fail(name, nth, expected);
          }
        });
  }

  private void fail(String name, long nth, float[] expected) {
    String when = name + " failing at call " + nth;
    control.reset();
    useFreshCache(when);
    int status =
        name.equals("cuMemAlloc_v2") ? OUT_OF_MEMORY : name.startsWith("nvrtc") ? NVRTC_COMPILATION : ILLEGAL_ADDRESS;
    control.fail(name, nth, status);
    BackendException told = assertThrows(BackendException.class, this::openAndSample, when);
    String call = name.replaceFirst("_v2$", "").replaceFirst("WithFlags$", "");
    boolean named =
        name.equals("cuMemAlloc_v2")
            ? told.getMessage().startsWith("Stub card 0 has no memory for ")
            : told.getMessage().contains(call) || told.getMessage().contains("does not compile");
    assertTrue(named, when + ": " + told.getMessage());
    requireNothingLeft(when);
    assertArrayEquals(expected, sampleAfresh("after " + when), when);
  }

  private void useFreshCache(String name) {
    System.setProperty(UserCache.PROPERTY, cache.resolve(name.replace(' ', '-')).toString());
  }

  private float[] openAndSample() {
    try (Device device = open()) {
      return sampleOn(device).images();
    }
  }

  private float[] sampleAfresh(String when) {
    control.reset();
    useFreshCache(when);
    float[] images = openAndSample();
    requireNothingLeft(when);
    return images;
  }
}
