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

/** Runs a sampling loop for the clock. */
final class Benchmark {
  private final Pipeline pipeline;
  private final Network network;
  private final int batch;

  Benchmark(Pipeline pipeline, Network network, int batch) {
    this.pipeline = pipeline;
    this.network = network;
    this.batch = batch;
  }

  SampleReport run(StepTable table) {
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
