package dev.unnoise.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.model.UNet;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.LaunchTables;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import dev.unnoise.testing.Target;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of time per launch has every launch of a step, on every backend. */
class LaunchTimesTest {
  private static final Repeats REPEATS = new Repeats(1, 2);

  static Stream<Target> targets() {
    return Target.of(Evaluate.allBackends());
  }

  /** Steps without timestep 0, of which Fourier embeddings have no logarithm. */
  private static StepTable table() {
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
    StepTable all = Samplers.named("ddim").orElseThrow().table(scheduler, 4, SamplerOptions.DEFAULT);
    return new StepTable(all.rows().subList(0, 3), all.clipping(), false, 1);
  }

  @ParameterizedTest
  @MethodSource("targets")
  void listsEveryLaunchOfAStep(Target target) {
    try (Device device = Evaluate.open(target.backend())) {
      for (long seed = 40; seed < 46; seed++) {
        UNetConfig config = RandomNetworks.config(seed);
        Network network = RandomNetworks.network(config);
        Labels labels = config.labelled() ? new Labels(List.of(0, 1)) : Labels.NONE;
        List<LaunchTime> launches =
            compare(device, target, network, SampleRequest.of(table(), 3).labelled(labels, Optional.empty()));
        boolean host = launches.getLast().node().equals("reverse_step");
        assertEquals(
            host ? List.of("reverse_step") : List.of("begin_step", "reverse_step", "end_step"),
            launches.stream().filter(one -> one.kind().equals(LaunchTime.SAMPLING)).map(LaunchTime::node).toList());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("targets")
  void countsEvaluationsUnderGuidance(Target target) {
    Network network =
        RandomNetworks.network(
            LongStream.range(0, 200)
                .mapToObj(RandomNetworks::config)
                .filter(UNetConfig::labelled)
                .findFirst()
                .orElseThrow());
    StepTable plain = table();
    StepTable thresholded =
        new StepTable(plain.rows(), new Clipping.Dynamic(0.9, 2), plain.learnedVariance(), plain.initialScale());
    SampleRequest request =
        SampleRequest.of(thresholded, 2).labelled(new Labels(List.of(1)), Optional.of(new Guidance(2, 0)));
    try (Device device = Evaluate.open(target.backend())) {
      List<LaunchTime> launches = compare(device, target, network, request);
      boolean host = launches.getLast().node().equals("reverse_step");
      assertEquals(host, launches.stream().noneMatch(one -> one.node().equals("quantile")));
    }
  }

  /** Maps so large that our kernels normalise them in several launches. */
  @ParameterizedTest
  @MethodSource("targets")
  void listsEveryPassOfANorm(Target target) {
    Network network =
        LongStream.range(0, 200)
            .mapToObj(RandomNetworks::config)
            .filter(config -> !config.labelled())
            .map(config -> UNet.build(config, 72, 64))
            .filter(large -> large.denoiser().nodes().stream().noneMatch(Attention.class::isInstance))
            .min(Comparator.comparingLong(Network::flop))
            .orElseThrow();
    try (Device device = Evaluate.open(target.backend())) {
      List<LaunchTime> launches = compare(device, target, network, SampleRequest.of(table(), 1));
      boolean host = launches.getLast().node().equals("reverse_step");
      assertEquals(!host, launches.stream().anyMatch(one -> one.detail().endsWith(" channel_sums")));
    }
  }

  private static List<LaunchTime> compare(Device device, Target target, Network network, SampleRequest request) {
    try (Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), target.precision())) {
      SampleReport report = pipeline.sample(request, (images, count) -> {});
      List<LaunchTime> launches = pipeline.profile(request, REPEATS);
      int evaluations = Math.toIntExact(request.count()) * (request.guidance().isPresent() ? 2 : 1);
      LaunchTables.require(launches, pipeline.loaded().plan(1).graph(), evaluations);
      assertEquals(network.denoiser().flop() * evaluations, LaunchTables.flop(launches));
      // In host memory a line is a node, which may take several calls for every image.
      boolean host = launches.getLast().node().equals("reverse_step");
      assertTrue(host || launches.size() == report.launchesPerStep(), launches.size() + " of " + report);
      return launches;
    }
  }
}
