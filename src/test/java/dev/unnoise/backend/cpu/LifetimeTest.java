package dev.unnoise.backend.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cpu.onednn.Scope;
import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Native objects and memory are given back whatever happens. */
class LifetimeTest {
  private static final StepTable TABLE =
      Samplers.named("ddim")
          .orElseThrow()
          .table(SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02), 3, SamplerOptions.DEFAULT);

  private final Network network = RandomNetworks.network(RandomNetworks.wide());
  private long heldBefore;

  @BeforeEach
  void count() {
    heldBefore = Scope.held();
  }

  private static SampleRequest request(int images, int batch, RunMonitor monitor) {
    return SampleRequest.of(TABLE, images).inBatchesOf(batch).followedBy(monitor);
  }

  @Test
  void afterPipelinesOfSeveralBatches() {
    try (Device device = Evaluate.open("cpu")) {
      long open = Scope.held();
      assertTrue(open > heldBefore);
      for (int round = 0; round < 3; round++) {
        try (Pipeline pipeline = new Pipeline(device, network, new NormalWeights(0), Precision.FP32)) {
          for (int batch = 1; batch < 4; batch++) {
            pipeline.sample(request(3, batch, RunMonitor.NONE), (images, count) -> {});
          }
          assertTrue(Scope.held() > open);
        }
        assertEquals(open, Scope.held());
      }
    }
    assertEquals(heldBefore, Scope.held());
  }

  @Test
  void afterSamplingWasStopped() {
    try (Device device = Evaluate.open("cpu")) {
      try (Pipeline pipeline = new Pipeline(device, network, new NormalWeights(0), Precision.FP32)) {
        SampleRequest stopped = request(2, 2, (done, total) -> done < 3);
        assertThrows(CancellationException.class, () -> pipeline.sample(stopped, (images, count) -> {}));
        pipeline.sample(request(2, 2, RunMonitor.NONE), (images, count) -> {});
      }
    }
    assertEquals(heldBefore, Scope.held());
  }

  @Test
  void afterWeightsCouldNotBeRead() {
    Weights normal = new NormalWeights(0);
    Weights broken =
        stored -> {
          if (stored.name().startsWith("conv_out")) {
            throw new UnnoiseException("no " + stored.name());
          }
          return normal.load(stored);
        };
    try (Device device = Evaluate.open("cpu")) {
      long open = Scope.held();
      assertThrows(UnnoiseException.class, () -> device.load(network, broken, Precision.FP32));
      assertEquals(open, Scope.held());
      try (LoadedNetwork loaded = device.load(network, normal, Precision.FP32)) {
        assertTrue(loaded.parameterBytes() > 0);
      }
    }
    assertEquals(heldBefore, Scope.held());
  }

  @Test
  void afterADeviceIsClosedBeforeWhatIsOnIt() {
    Device device = Evaluate.open("cpu");
    LoadedNetwork loaded = device.load(network, new NormalWeights(0), Precision.FP32);
    loaded.compile(2);
    device.close();
    assertEquals(heldBefore, Scope.held());
    loaded.close();
    assertEquals(heldBefore, Scope.held());
  }
}
