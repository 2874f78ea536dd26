package dev.unnoise.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Philox;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.model.TimeEmbedding;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class PipelineTest {
  private static final SchedulerConfig SCHEDULER = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);

  static List<String> backends() {
    return Evaluate.allBackends();
  }

  private static StepTable table(String sampler, int steps) {
    return Samplers.named(sampler).orElseThrow().table(SCHEDULER, steps, SamplerOptions.DEFAULT);
  }

  private static UNetConfig config(boolean labelled) {
    return LongStream.range(0, 100)
        .mapToObj(RandomNetworks::config)
        .filter(config -> config.labelled() == labelled && config.inChannels() == config.outChannels())
        .filter(config -> config.timeEmbedding() == TimeEmbedding.POSITIONAL)
        .findFirst()
        .orElseThrow();
  }

  private static SampleRequest request(int count, Optional<MemorySegment> noise, Output.Form form, RunMonitor monitor) {
    return new SampleRequest(
        table("ddpm", 5), count, 2, 9, 3, Labels.NONE, Optional.empty(), noise, form, monitor);
  }

  private static byte[] sample(Pipeline pipeline, SampleRequest request) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pipeline.sample(request, (images, n) -> all.writeBytes(images.toArray(ValueLayout.JAVA_BYTE)));
    return all.toByteArray();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void drawnNoiseIsPhiloxDrawZero(String backend) {
    Network network = RandomNetworks.network(config(false));
    int elements = Math.toIntExact(network.sampleShape().elements());
    float[] noise = new float[3 * elements];
    for (int n = 0; n < 3; n++) {
      float[] one = new float[elements];
      Philox.normals(9, 3 + n, 0, one, elements);
      System.arraycopy(one, 0, noise, n * elements, elements);
    }
    try (Device device = Evaluate.open(backend);
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      byte[] drawn = sample(pipeline, request(3, Optional.empty(), Output.Form.FLOAT32_CHW, RunMonitor.NONE));
      byte[] given =
          sample(
              pipeline,
              request(3, Optional.of(MemorySegment.ofArray(noise)), Output.Form.FLOAT32_CHW, RunMonitor.NONE));
      float[] expected = Evaluate.floats(MemorySegment.ofArray(given));
      float[] actual = Evaluate.floats(MemorySegment.ofArray(drawn));
      // Words are the same everywhere; a device's logarithms and sines may differ in the last digits.
      assertTrue(Evaluate.largestDifference(expected, actual) < 1e-3, () -> "of " + backend);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void bytesAreTheRoundedFloats(String backend) {
    Network network = RandomNetworks.network(config(false));
    int channels = network.sampleShape().channels();
    int area = Math.toIntExact(network.sampleShape().pixels());
    try (Device device = Evaluate.open(backend);
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      byte[] bytes = sample(pipeline, request(1, Optional.empty(), Output.Form.UINT8_HWC, RunMonitor.NONE));
      ByteBuffer floats =
          ByteBuffer.wrap(sample(pipeline, request(1, Optional.empty(), Output.Form.FLOAT32_CHW, RunMonitor.NONE)))
              .order(ByteOrder.nativeOrder());
      for (int pixel = 0; pixel < area; pixel++) {
        for (int c = 0; c < channels; c++) {
          double x = floats.getFloat(4 * (c * area + pixel));
          double value = Math.min(Math.max((x + 1) / 2, 0), 1) * 255;
          // Half-way between two bytes single precision may round to either.
          assertEquals(value, bytes[pixel * channels + c] & 0xFF, 0.5 + 1e-4);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void guidanceOfWeightOneIsTheLabelledNetwork(String backend) {
    Network network = RandomNetworks.network(config(true));
    try (Device device = Evaluate.open(backend);
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      float[] plain = guided(pipeline, Optional.empty());
      assertTrue(Evaluate.normalizedError(plain, guided(pipeline, Optional.of(new Guidance(1, 2)))) < 1e-9);
      assertTrue(Evaluate.normalizedError(plain, guided(pipeline, Optional.of(new Guidance(3, 2)))) > 1e-6);
    }
  }

  private static float[] guided(Pipeline pipeline, Optional<Guidance> guidance) {
    Labels labels = new Labels(List.of(0, 1));
    SampleRequest request =
        SampleRequest.of(table("ddim", 4), 3)
            .inBatchesOf(2)
            .numbered(1, 0)
            .labelled(labels, guidance)
            .as(Output.Form.FLOAT32_CHW);
    return Evaluate.floats(MemorySegment.ofArray(sample(pipeline, request)));
  }

  @ParameterizedTest
  @MethodSource("backends")
  void noiseMayLieAnywhere(String backend) {
    Network network = RandomNetworks.network(config(false));
    byte[] noise = new byte[Math.toIntExact(3 * network.sampleShape().elements() * Float.BYTES) + 1];
    try (Device device = Evaluate.open(backend);
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      MemorySegment unaligned = MemorySegment.ofArray(noise).asSlice(1);
      byte[] images =
          sample(pipeline, request(3, Optional.of(unaligned), Output.Form.UINT8_HWC, RunMonitor.NONE));
      assertEquals(3 * network.sampleShape().elements(), images.length);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void imagesThatAreNotFiniteAreAnError(String backend) {
    Network network = RandomNetworks.network(config(false));
    float[] noise = new float[Math.toIntExact(3 * network.sampleShape().elements())];
    noise[Math.toIntExact(network.sampleShape().elements())] = Float.POSITIVE_INFINITY;
    MemorySegment initial = MemorySegment.ofArray(noise);
    try (Device device = Evaluate.open(backend);
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      SampleRequest request = request(3, Optional.of(initial), Output.Form.UINT8_HWC, RunMonitor.NONE);
      BackendException e =
          assertThrows(BackendException.class, () -> pipeline.sample(request, (images, n) -> {}));
      assertTrue(e.getMessage().startsWith("image 4 became NaN"), e.getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void monitorsSeeEveryStepAndCanStop(String backend) {
    Network network = RandomNetworks.network(config(false));
    try (Device device = Evaluate.open(backend);
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      AtomicLong last = new AtomicLong();
      SampleReport report =
          pipeline.sample(
              request(
                  5,
                  Optional.empty(),
                  Output.Form.UINT8_HWC,
                  (done, total) -> {
                    assertEquals(25, total);
                    assertTrue(done > last.getAndSet(done));
                    return true;
                  }),
              (images, n) -> {});
      assertEquals(25, last.get());
      assertEquals(5, report.images());
      assertEquals(25, report.imageSteps());
      assertEquals(0, report.hostSyncsInLoop());
      assertEquals(0, report.allocationsInLoop());
      SampleRequest stopped = request(5, Optional.empty(), Output.Form.UINT8_HWC, (done, total) -> done < 7);
      assertThrows(CancellationException.class, () -> pipeline.sample(stopped, (images, n) -> {}));
      byte[] afterwards = sample(pipeline, request(5, Optional.empty(), Output.Form.UINT8_HWC, RunMonitor.NONE));
      assertEquals(5 * network.sampleShape().elements(), afterwards.length);
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void aLearnedVarianceNeedsTwiceTheChannels(String backend) {
    Network network = RandomNetworks.network(config(false));
    try (Device device = Evaluate.open(backend);
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      StepTable plain = table("ddpm", 5);
      StepTable learned = new StepTable(plain.rows(), plain.clipping(), true, 1);
      SampleRequest request = SampleRequest.of(learned, 1);
      UnnoiseException e =
          assertThrows(UnnoiseException.class, () -> pipeline.sample(request, (images, n) -> {}));
      assertTrue(e.getMessage().contains("expected twice as many"), e.getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void otherPrecisionsAreRefused(String backend) {
    Network network = RandomNetworks.network(config(false));
    try (Device device = Evaluate.open(backend)) {
      BackendException e =
          assertThrows(
              BackendException.class, () -> new Pipeline(device, network, new NormalWeights(1), Precision.TF32));
      assertTrue(e.getMessage().contains("fp32") && e.getMessage().contains("tf32"), e.getMessage());
    }
  }

  @ParameterizedTest
  @MethodSource("backends")
  void devicesOutliveTheirPipelines(String backend) {
    Network network = RandomNetworks.network(config(false));
    try (Device device = Evaluate.open(backend)) {
      byte[] first = null;
      for (int i = 0; i < 3; i++) {
        try (Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
          byte[] now = sample(pipeline, request(2, Optional.empty(), Output.Form.UINT8_HWC, RunMonitor.NONE));
          assertArrayEquals(first == null ? now : first, now);
          first = now;
        }
      }
    }
  }
}
