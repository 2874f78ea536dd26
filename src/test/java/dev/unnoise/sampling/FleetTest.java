package dev.unnoise.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.model.TimeEmbedding;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Several devices: here one backend opened several times. */
class FleetTest {
  private static final int COUNT = 11;
  private static final int BATCH = 2;
  private static final int STEPS = 3;

  private final Network network = network();
  private final List<Device> devices = new ArrayList<>();
  private final List<Pipeline> pipelines = new ArrayList<>();

  private static Network network() {
    long seed = 0;
    while (!suits(RandomNetworks.config(seed))) {
      seed++;
    }
    return RandomNetworks.network(RandomNetworks.config(seed));
  }

  private static boolean suits(UNetConfig config) {
    return !config.labelled()
        && config.outChannels() == config.inChannels()
        && config.timeEmbedding() == TimeEmbedding.POSITIONAL;
  }

  @BeforeEach
  void open() {
    for (int i = 0; i < 3; i++) {
      devices.add(Evaluate.open("cpu"));
      pipelines.add(new Pipeline(devices.getLast(), network, new NormalWeights(1), Precision.FP32));
    }
  }

  @AfterEach
  void close() {
    pipelines.forEach(Pipeline::close);
    devices.forEach(Device::close);
  }

  private static SampleRequest request() {
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
    return SampleRequest.of(
            Samplers.named("ddim").orElseThrow().table(scheduler, STEPS, new SamplerOptions(OptionalDouble.of(1))), COUNT)
        .inBatchesOf(BATCH)
        .numbered(5, 70);
  }

  private SampleReport sample(List<Pipeline> on, SampleRequest request, List<Byte> images) {
    return new Fleet(on, network)
        .sample(
            request,
            (segment, count) -> {
              for (byte one : segment.toArray(ValueLayout.JAVA_BYTE)) {
                images.add(one);
              }
            });
  }

  @Test
  void imagesAreThoseOfOneDeviceInTheSameOrder() {
    List<Byte> one = new ArrayList<>();
    List<Byte> three = new ArrayList<>();
    sample(pipelines.subList(0, 1), request(), one);
    List<Long> progress = new ArrayList<>();
    SampleReport report =
        sample(
            pipelines,
            request()
                .followedBy(
                    (done, total) -> {
                      assertEquals(COUNT * STEPS, total);
                      progress.add(done);
                      return true;
                    }),
            three);
    assertArrayEquals(one.toArray(), three.toArray());
    assertEquals(COUNT, report.images());
    assertEquals(COUNT * STEPS, report.imageSteps());
    assertEquals(COUNT * STEPS, progress.getLast());
    assertEquals(progress.stream().sorted().toList(), progress);
  }

  @Test
  void stoppingStopsAll() {
    assertThrows(
        CancellationException.class,
        () -> sample(pipelines, request().followedBy((done, total) -> done < 8), new ArrayList<>()));
    List<Byte> images = new ArrayList<>();
    sample(pipelines, request(), images);
    assertTrue(!images.isEmpty(), "the devices go on with other work");
  }

  @Test
  void aFailureOfTheConsumerIsTheOneTold() {
    IllegalStateException full = new IllegalStateException("the disk is full");
    IllegalStateException told =
        assertThrows(
            IllegalStateException.class,
            () ->
                new Fleet(pipelines, network)
                    .sample(
                        request(),
                        (segment, count) -> {
                          throw full;
                        }));
    assertSame(full, told);
  }
}
