package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Pipeline;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code unnoise bench}. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Measures sampling: image-steps per second, and where the time goes.",
      "Without --model it measures --architecture with random weights."
    },
    footer = {"", "Example:", "  unnoise bench --architecture ddpm-cifar10-32 --batch 8 --steps 10"})
final class BenchCommand implements Callable<Integer> {
  private static final int MOST_SECONDS = 3600;

  private final long began = System.nanoTime();

  @Spec private CommandSpec spec;
  @Mixin private MeasuredNetwork measured;

  @Option(names = "--batch", paramLabel = "N", description = "Images at once (default: what suits device and memory).")
  private Integer batch;

  @Option(names = "--steps", paramLabel = "N", defaultValue = "10", description = "Steps measured (default: ${DEFAULT-VALUE}).")
  private int steps;

  @Option(
      names = "--seconds",
      paramLabel = "S",
      defaultValue = "0",
      description = "Measure more steps than that, up to 1000, if they take less time than this.")
  private double seconds;

  @Option(names = "--json", description = "Print one JSON object.")
  private boolean json;

  @Option(
      names = "--launches",
      paramLabel = "FILE.csv",
      description = "Write the time of every launch of a step: the mean of 20 on the device, after 3 to warm up.")
  private Path launches;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    if (steps < 1 || steps > Benchmark.MOST_STEPS) {
      throw misuse("--steps " + steps + " is not within [1, " + Benchmark.MOST_STEPS + "]");
    }
    if (!(seconds >= 0 && seconds <= MOST_SECONDS)) {
      throw misuse("--seconds " + seconds + " is not within [0, " + MOST_SECONDS + "]");
    }
    if (batch != null && batch < 1) {
      throw misuse("--batch " + batch + " is below 1");
    }
    measured.use(spec, this::measure);
    return 0;
  }

  private void measure(String name, Network network, Weights weights) {
    // What cannot be written need not be measured.
    try (LaunchesFile file = launches == null ? null : new LaunchesFile(launches);
        Opening opening = device.begin();
        Pipeline pipeline = device.pipeline(opening, network, weights)) {
      Backends.Opened opened = opening.finish();
      int images = batch != null ? batch : pipeline.suitableBatch(Long.MAX_VALUE, 1);
      Benchmark benchmark = new Benchmark(pipeline, network, images);
      double nanosPerStep = benchmark.warmUp(began);
      int measuredSteps = (int) Math.clamp(seconds * 1e9 / nanosPerStep, steps, Benchmark.MOST_STEPS);
      Benchmark.Measured found =
          benchmark.measure(
              measuredSteps,
              name,
              opened.backend().name(),
              opened.device().info().name(),
              device.precision(opened),
              file == null ? Repeats.ONCE : Repeats.MEAN);
      if (file != null) {
        file.write(found.launches());
      }
      PrintWriter out = spec.commandLine().getOut();
      if (json) {
        out.println(found.result().toJson());
      } else {
        found.result().print(out);
      }
      out.flush();
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
