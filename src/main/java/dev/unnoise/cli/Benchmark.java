package dev.unnoise.cli;

import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Runs a sampling loop for the clock. */
final class Benchmark {
  /** Of a table: as many as there are timesteps. */
  static final int MOST_STEPS = 1000;

  private static final int LEAST_WARM_STEPS = 2;
  private static final long WARM_NANOS = 1_000_000_000;

  private final Pipeline pipeline;
  private final Network network;
  private final int batch;

  private double secondsBeforeFirstStep;

  Benchmark(Pipeline pipeline, Network network, int batch) {
    this.pipeline = pipeline;
    this.network = network;
    this.batch = batch;
  }

  /**
   * Samples until a second of it has passed: cards take that long to raise their clocks. What only the first steps wait
   * for, such as compiling, loading and recording, is counted as time before them.
   *
   * @param began {@link System#nanoTime} when the program began
   * @return nanoseconds of a step
   */
  double warmUp(long began) {
    int steps = LEAST_WARM_STEPS;
    long nanos = run(steps).nanos();
    long first = System.nanoTime() - began;
    double nanosPerStep = (double) nanos / steps;
    while (nanos < WARM_NANOS) {
      steps = Math.min(2 * steps, MOST_STEPS);
      long now = run(steps).nanos();
      nanos += now;
      nanosPerStep = (double) now / steps;
    }
    secondsBeforeFirstStep = Math.max(0, first - LEAST_WARM_STEPS * nanosPerStep) * 1e-9;
    return nanosPerStep;
  }

  private SampleReport run(int steps) {
    return pipeline.sample(request(steps), (images, count) -> {});
  }

  private SampleRequest request(int steps) {
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, MOST_STEPS, 1e-4, 0.02);
    StepTable table = Samplers.named("ddim").orElseThrow().table(scheduler, steps, SamplerOptions.DEFAULT);
    Labels labels = network.labelled() ? new Labels(List.of(0)) : Labels.NONE;
    return SampleRequest.of(table, batch).labelled(labels, Optional.empty());
  }

  /** Measures every launch of a step that is not the last: that one makes images. */
  List<LaunchTime> launches(Repeats repeats) {
    return pipeline.profile(request(2), repeats);
  }

  /** What was measured, and every launch of a step, of which the shares of time are made. */
  record Measured(BenchResult result, List<LaunchTime> launches) {}

  /**
   * Measures sampling, and after it the launches of a step.
   *
   * @param repeats of each launch
   */
  Measured measure(
      int steps, String architecture, String backend, String device, Precision precision, Repeats repeats) {
    SampleReport report = run(steps);
    List<LaunchTime> launches = launches(repeats);
    double seconds = report.nanos() * 1e-9;
    double flop = (double) network.flop() * report.imageSteps();
    BenchResult result =
        new BenchResult(
            architecture,
            backend,
            device,
            precision.label(),
            batch,
            steps,
            secondsBeforeFirstStep,
            1e3 * seconds / steps,
            report.imageStepsPerSecond(),
            flop / seconds / 1e12,
            report.hostSyncsInLoop(),
            report.allocationsInLoop(),
            report.launchesPerStep(),
            pipeline.program(batch).computedBy(),
            shares(launches));
    return new Measured(result, launches);
  }

  /** Each kind's share of the time, largest first. */
  private static Map<String, Double> shares(List<LaunchTime> times) {
    double total = times.stream().mapToDouble(LaunchTime::nanos).sum();
    Map<String, Double> byKind = new LinkedHashMap<>();
    times.forEach(time -> byKind.merge(time.kind(), time.nanos() / total, Double::sum));
    Map<String, Double> sorted = new LinkedHashMap<>();
    byKind.entrySet().stream()
        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
        .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
    return sorted;
  }
}
