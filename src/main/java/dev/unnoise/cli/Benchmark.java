package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.NodeTime;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.IntFunction;

/** Runs a sampling loop for the clock. */
final class Benchmark {
  /** Of a table: as many as there are timesteps. */
  static final int MOST_STEPS = 1000;

  private static final int LEAST_WARM_STEPS = 2;
  private static final long WARM_NANOS = 1_000_000_000;

  private final Pipeline pipeline;
  private final Network network;
  private final int batch;

  Benchmark(Pipeline pipeline, Network network, int batch) {
    this.pipeline = pipeline;
    this.network = network;
    this.batch = batch;
  }

  /**
   * Samples until a second of it has passed: cards take that long to raise their clocks.
   *
   * @param table makes one of so many steps
   * @return time of a step
   */
  double warmUp(IntFunction<StepTable> table) {
    long nanos = 0;
    int steps = LEAST_WARM_STEPS;
    while (true) {
      long now = run(table.apply(steps)).nanos();
      nanos += now;
      if (nanos >= WARM_NANOS) {
        return (double) now / steps;
      }
      steps = Math.min(2 * steps, MOST_STEPS);
    }
  }

  private SampleReport run(StepTable table) {
    Labels labels = network.labelled() ? new Labels(List.of(0)) : Labels.NONE;
    return pipeline.sample(
        new SampleRequest(
            table,
            batch,
            batch,
            0,
            0,
            labels,
            Optional.empty(),
            Optional.empty(),
            Output.Form.UINT8_HWC,
            RunMonitor.NONE),
        (images, count) -> {});
  }

  BenchResult measure(StepTable table, String architecture, String backend, String device, Precision precision) {
    SampleReport report = run(table);
    int steps = table.rows().size();
    double seconds = report.nanos() * 1e-9;
    double flop = (double) network.flop() * report.imageSteps();
    return new BenchResult(
        architecture,
        backend,
        device,
        precision.label(),
        batch,
        steps,
        1e3 * seconds / steps,
        report.imageStepsPerSecond(),
        flop / seconds / 1e12,
        report.hostSyncsInLoop(),
        report.allocationsInLoop(),
        report.launchesPerStep(),
        pipeline.program(batch).computedBy(),
        shares());
  }

  /** Each kind of node's share of the time, largest first. */
  private Map<String, Double> shares() {
    List<NodeTime> times = pipeline.program(batch).profile();
    double total = times.stream().mapToLong(NodeTime::nanos).sum();
    Map<String, Double> byKind = new LinkedHashMap<>();
    times.forEach(time -> byKind.merge(BenchResult.kind(time.node()), time.nanos() / total, Double::sum));
    Map<String, Double> sorted = new LinkedHashMap<>();
    byKind.entrySet().stream()
        .sorted(Map.Entry.<String, Double>comparingByValue().reversed())
        .forEach(entry -> sorted.put(entry.getKey(), entry.getValue()));
    return sorted;
  }
}
