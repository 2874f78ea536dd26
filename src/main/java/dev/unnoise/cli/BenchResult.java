package dev.unnoise.cli;

import com.google.gson.Gson;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a benchmark measured; the components are the keys of its JSON.
 *
 * @param secondsBeforeFirstStep from the program's start, for loading, compiling and choosing
 * @param computedBy how many products and attentions each library, or a kernel, computes; empty if the backend does not say
 * @param timeShares of each kind of node and of what the sampler computes, in [0, 1]
 */
record BenchResult(
    String architecture,
    String backend,
    String device,
    String precision,
    int batch,
    int steps,
    double secondsBeforeFirstStep,
    double msPerStep,
    double imageStepsPerSecond,
    double tflops,
    long hostSyncsInLoop,
    long allocationsInLoop,
    long launchesPerStep,
    Map<String, Integer> computedBy,
    Map<String, Double> timeShares) {

  String toJson() {
    return new Gson().toJson(this);
  }

  void print(PrintWriter out) {
    out.printf(Locale.ROOT, "%s on %s (%s), %s, batch %d, %d steps%n", architecture, backend, device, precision, batch, steps);
    out.printf(
        Locale.ROOT,
        "%.1f image-steps/s, %.2f ms per step, %.3f TFLOP/s%n",
        imageStepsPerSecond,
        msPerStep,
        tflops);
    out.printf(Locale.ROOT, "%.1f s before the first step%n", secondsBeforeFirstStep);
    out.printf(
        Locale.ROOT,
        "%d launches per step, %d host waits and %d allocations in the loop%n",
        launchesPerStep,
        hostSyncsInLoop,
        allocationsInLoop);
    if (!computedBy.isEmpty()) {
      String counts =
          computedBy.entrySet().stream()
              .map(entry -> entry.getValue() + " by " + entry.getKey())
              .collect(Collectors.joining("; "));
      out.println("products and attentions: " + counts);
    }
    timeShares.forEach((kind, share) -> out.printf(Locale.ROOT, "  %5.1f %%  %s%n", 100 * share, kind));
  }
}
