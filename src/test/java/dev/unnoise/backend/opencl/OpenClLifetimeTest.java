package dev.unnoise.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

/** Drivers' objects and memory are given back whatever happens, and the step loop neither waits nor allocates. */
class OpenClLifetimeTest {
  private static final Path TINY = Path.of("src/test/resources/cases/ddpm-tiny");

  private final Network network = RandomNetworks.network(RandomNetworks.config(3));

  private static StepTable table(int steps) {
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
    return Samplers.named("ddim").orElseThrow().table(scheduler, steps, SamplerOptions.DEFAULT);
  }

  @Test
  void everythingIsGivenBack() {
    try (Checkpoint checkpoint = Checkpoint.open(TINY)) {
      long before;
      try (Device device = Evaluate.open("opencl")) {
        before = ClContext.held();
        try (Pipeline pipeline =
            new Pipeline(device, checkpoint.network(), checkpoint.weights(), Precision.FP32)) {
          SampleReport report = pipeline.sample(SampleRequest.of(table(5), 3).inBatchesOf(2), (images, count) -> {});
          assertEquals(0, report.allocationsInLoop());
          assertEquals(0, report.hostSyncsInLoop());
          SampleRequest stopped = SampleRequest.of(table(50), 2).followedBy((done, total) -> done < 6);
          assertThrows(CancellationException.class, () -> pipeline.sample(stopped, (images, count) -> {}));
          pipeline.sample(SampleRequest.of(table(2), 1), (images, count) -> {});
        }
        // Compiled programs stay with the device.
        assertTrue(ClContext.held() - before < 20, ClContext.held() - before + " objects are left");
      }
      assertEquals(before - 2, ClContext.held(), "context and queue were counted when the device was open");
    }
  }

  @Test
  void weightsThatCannotBeReadLeaveNothing() {
    Weights normal = new NormalWeights(0);
    Weights broken =
        stored -> {
          if (stored.name().startsWith("conv_out")) {
            throw new UnnoiseException("no " + stored.name());
          }
          return normal.load(stored);
        };
    try (Device device = Evaluate.open("opencl")) {
      long open = ClContext.held();
      assertThrows(UnnoiseException.class, () -> device.load(network, broken, Precision.FP32));
      assertEquals(open, ClContext.held());
    }
  }

  @Test
  void batchesBeyondTheMemoryAreRefusedAndTheDeviceGoesOn() {
    try (Device device = Evaluate.open("opencl");
        LoadedNetwork loaded = device.load(network, new NormalWeights(0), Precision.FP32)) {
      long open = ClContext.held();
      RuntimeException e = assertThrows(RuntimeException.class, () -> loaded.compile(50_000_000));
      assertTrue(e.getMessage().contains("MiB") || e.getMessage().contains("largest allocation"), e.getMessage());
      assertEquals(open, ClContext.held());
      loaded.compile(1).close();
    }
  }

  @Test
  void aDeviceMayBeClosedBeforeWhatIsOnIt() {
    Device device = Evaluate.open("opencl");
    long before = ClContext.held() - 2;
    LoadedNetwork loaded = device.load(network, new NormalWeights(0), Precision.FP32);
    loaded.compile(2);
    device.close();
    assertEquals(before, ClContext.held());
    loaded.close();
  }

  @Test
  void precisionsItDoesNotHaveAreRefused() {
    try (Device device = Evaluate.open("opencl")) {
      assertThrows(BackendException.class, () -> device.load(network, new NormalWeights(0), Precision.TF32));
    }
  }

  /** Many short samplings: neither device memory nor the process grows. */
  @Test
  void aThousandSamplingsDoNotGrow() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(TINY);
        Device device = Evaluate.open("opencl");
        Pipeline pipeline = new Pipeline(device, checkpoint.network(), checkpoint.weights(), Precision.FP32)) {
      SampleRequest request = SampleRequest.of(table(1), 1);
      for (int i = 0; i < 200; i++) {
        pipeline.sample(request, (images, count) -> {});
      }
      long held = ClContext.held();
      long resident = residentBytes();
      for (int i = 0; i < 800; i++) {
        pipeline.sample(request, (images, count) -> {});
      }
      assertEquals(held, ClContext.held());
      long grown = residentBytes() - resident;
      assertTrue(grown < 64L << 20, "the process grew by " + (grown >> 20) + " MiB");
    }
  }

  private static long residentBytes() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(text -> text.startsWith("VmRSS:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
  }
}
