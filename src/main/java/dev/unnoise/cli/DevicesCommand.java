package dev.unnoise.cli;

import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.sampling.Backends;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unnoise devices}. */
@Command(
    name = "devices",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Lists what can compute here, and what is missing for the rest.",
    footer = {"", "Example:", "  unnoise devices"})
final class DevicesCommand implements Callable<Integer> {
  private static final double GIB = 1L << 30;

  @Spec private CommandSpec spec;

  @Option(names = "--verbose", description = "Print where libraries were looked for, and stack traces of failures.")
  private boolean verbose;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    Backends.all().forEach(backend -> print(out, backend, verbose));
    out.flush();
    return 0;
  }

  /** Where libraries were looked for is of interest where something is missing; elsewhere to those who ask. */
  static void print(PrintWriter out, Backend backend, boolean verbose) {
    Availability availability = backend.availability();
    switch (availability) {
      case Availability.Missing missing -> {
        out.printf(Locale.ROOT, "%-10s not ready: %s%n", backend.name(), OneLine.of(missing.what()));
        out.printf(Locale.ROOT, "%-10s to get it: %s%n", "", OneLine.of(missing.remedy()));
      }
      case Availability.Ready ready -> {
        for (int i = 0; i < ready.devices().size(); i++) {
          print(out, i == 0 ? backend.name() : "", i, ready.devices().get(i));
        }
      }
    }
    if (verbose || availability instanceof Availability.Missing) {
      backend.attempts().forEach(line -> out.printf(Locale.ROOT, "%-10s tried: %s%n", "", OneLine.of(line)));
    }
  }

  private static void print(PrintWriter out, String backend, int index, DeviceInfo info) {
    String memory =
        info.memoryBytes() == 0 ? "" : String.format(Locale.ROOT, ", %.1f GiB", info.memoryBytes() / GIB);
    out.printf(Locale.ROOT, "%-10s device %d: %s%s, %s; %s%n",
        backend,
        index,
        info.name(),
        memory,
        info.precisions().stream().map(Precision::label).collect(Collectors.joining(" ")),
        info.detail());
  }
}
