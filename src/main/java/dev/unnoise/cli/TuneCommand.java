package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Tuner;
import dev.unnoise.sampling.Backends;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unnoise tune}. */
@Command(
    name = "tune",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Measures which kernels are fastest for a network on a device, and remembers them.",
      "Without --model it takes --architecture."
    },
    footer = {"", "Example:", "  unnoise tune --backend opencl --model ddpm-cifar10-32"})
final class TuneCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private MeasuredNetwork measured;

  @Option(names = "--again", description = "Measure again what has been measured before.")
  private boolean again;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    measured.use(spec, (name, network, weights) -> tune(name, network));
    return 0;
  }

  private void tune(String name, Network network) {
    try (Opening opening = device.begin()) {
      Backends.Opened opened = device.open(opening);
      String backend = opened.backend().name();
      Tuner tuner =
          opened
              .device()
              .tuner()
              .orElseThrow(
                  () -> new BackendException("backend " + backend + " has nothing to tune: it chooses by rules; name another by --backend"));
      List<Tuner.Finding> findings = new ArrayList<>();
      try (Watched progress = new Watched(findings)) {
        tuner.tune(network, device.precision(opened), again, progress);
      }
      PrintWriter out = spec.commandLine().getOut();
      out.printf("%s on %s (%s): %s%n", name, backend, opened.device().info().name(), tuner.location());
      findings.forEach(finding -> print(out, finding));
      if (findings.isEmpty()) {
        out.println("everything had been measured before; --again measures it anew");
      }
      out.flush();
    }
  }

  private static void print(PrintWriter out, Tuner.Finding finding) {
    out.printf(
        Locale.ROOT,
        "%-44s × %-3d %-22s %9.3f ms for %d images%s%s%n",
        finding.geometry(),
        finding.layers(),
        finding.choice(),
        finding.millis(),
        finding.images(),
        finding.choice().equals(finding.usual())
            ? ""
            : String.format(Locale.ROOT, ", %s took %.3f", finding.usual(), finding.usualMillis()),
        finding.rejected() == 0 ? "" : ", " + finding.rejected() + " did not run or gave wrong numbers");
  }

  /** Shows a bar once it is known how much there is to do. */
  private static final class Watched implements Tuner.Listener, AutoCloseable {
    private final List<Tuner.Finding> findings;
    private Progress bar;
    private int total;

    Watched(List<Tuner.Finding> findings) {
      this.findings = findings;
    }

    @Override
    public boolean measuring(int done, int wanted, String geometry) {
      if (bar == null) {
        total = wanted;
        bar = Progress.start("tuning", total, "layers");
      }
      bar.monitor().advanced(done, total);
      return true;
    }

    @Override
    public void found(Tuner.Finding finding) {
      findings.add(finding);
      bar.monitor().advanced(findings.size(), total);
    }

    @Override
    public void close() {
      if (bar != null) {
        bar.close();
      }
    }
  }
}
