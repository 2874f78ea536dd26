package dev.unnoise.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.UNet;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import dev.unnoise.testing.Target;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Image k has the same bits in any batch, at any place of it, on every backend. */
class BatchInvarianceTest {
  private static final SchedulerConfig SCHEDULER = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);

  static Stream<Target> targets() {
    return Target.of(Evaluate.allBackends());
  }

  static Stream<Target> fastTargets() {
    return Target.of(Evaluate.backendsUnderTest());
  }

  /** Steps without timestep 0, of which Fourier embeddings have no logarithm. */
  private static StepTable table(int steps) {
    SamplerOptions options = new SamplerOptions(OptionalDouble.of(0.5));
    StepTable all = Samplers.named("ddim").orElseThrow().table(SCHEDULER, steps + 1, options);
    return new StepTable(all.rows().subList(0, steps), all.clipping(), false, 1);
  }

  /** Images as raw float bits, one after another. */
  private static byte[] sample(
      Pipeline pipeline, int steps, int count, int batch, long first, Labels labels, Optional<Guidance> guidance) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pipeline.sample(
        SampleRequest.of(table(steps), count)
            .inBatchesOf(batch)
            .numbered(5, first)
            .labelled(labels, guidance)
            .as(Output.Form.FLOAT32_CHW),
        (images, n) -> all.writeBytes(images.toArray(ValueLayout.JAVA_BYTE)));
    return all.toByteArray();
  }

  private static byte[] images(byte[] all, Shape shape, int from, int to) {
    int bytes = Math.toIntExact(shape.elements() * Float.BYTES);
    return Arrays.copyOfRange(all, from * bytes, to * bytes);
  }

  @ParameterizedTest
  @MethodSource("targets")
  void randomNetworks(Target target) {
    try (Device device = Evaluate.open(target.backend())) {
      for (long seed = 40; seed < 48; seed++) {
        Network network = RandomNetworks.network(RandomNetworks.config(seed));
        boolean labelled = network.labelled();
        Labels labels = labelled ? new Labels(List.of(0, 1, 2)) : Labels.NONE;
        Optional<Guidance> guidance = labelled ? Optional.of(new Guidance(1.5, 2)) : Optional.empty();
        try (Pipeline pipeline = new Pipeline(device, network, new NormalWeights(seed), target.precision())) {
          check(pipeline, network.sampleShape(), 2, labels, guidance);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fastTargets")
  void theBundledModel(Target target) {
    try (Checkpoint checkpoint = Checkpoint.bundled();
        Device device = Evaluate.open(target.backend())) {
      Network network = UNet.build(checkpoint.unet(), 32, 32);
      try (Pipeline pipeline = new Pipeline(device, network, checkpoint.weights(), target.precision())) {
        check(pipeline, network.sampleShape(), 3, Labels.all(checkpoint.unet()), Optional.empty());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("fastTargets")
  void wideNetworks(Target target) {
    Network network = RandomNetworks.network(RandomNetworks.wide());
    try (Device device = Evaluate.open(target.backend());
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), target.precision())) {
      check(pipeline, network.sampleShape(), 2, Labels.NONE, Optional.empty());
    }
  }

  /** Wide layers are what oneDNN cuts by the number of threads; fewer images than threads share them. */
  @ParameterizedTest
  @ValueSource(ints = 16)
  void anyNumberOfProcessors(int threads) {
    assumeTrue(Evaluate.allBackends().contains("cpu"), "another backend was asked for");
    Network network = RandomNetworks.network(RandomNetworks.deep());
    try (Device device = withThreads(threads);
        Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      byte[] together = sample(pipeline, 1, threads, threads, 0, Labels.NONE, Optional.empty());
      for (int count = 1; count < Math.min(threads, 5); count++) {
        byte[] few = sample(pipeline, 1, count, count, 0, Labels.NONE, Optional.empty());
        assertArrayEquals(images(together, network.sampleShape(), 0, count), few, count + " images");
      }
    }
  }

  private static Device withThreads(int threads) {
    String before = System.getProperty("unnoise.cpu.threads");
    System.setProperty("unnoise.cpu.threads", String.valueOf(threads));
    try {
      return Evaluate.open("cpu");
    } finally {
      if (before == null) {
        System.clearProperty("unnoise.cpu.threads");
      } else {
        System.setProperty("unnoise.cpu.threads", before);
      }
    }
  }

  private static void check(
      Pipeline pipeline, Shape shape, int steps, Labels labels, Optional<Guidance> guidance) {
    byte[] together = sample(pipeline, steps, 7, 7, 10, labels, guidance);
    for (int batch : new int[] {1, 2, 3, 5}) {
      assertArrayEquals(together, sample(pipeline, steps, 7, batch, 10, labels, guidance), "batches of " + batch);
    }
    byte[] later = sample(pipeline, steps, 3, 3, 13, labels, guidance);
    assertArrayEquals(images(together, shape, 3, 6), later, "at another place");
    assertFalse(Arrays.equals(images(together, shape, 0, 1), images(together, shape, 1, 2)), "images differ");
  }
}
