package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Pipeline;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Where and in what to compute: options of every command that computes. */
final class DeviceOptions {
  @Option(
      names = "--backend",
      paramLabel = "NAME",
      defaultValue = Backends.AUTO,
      description = "What computes; auto takes the best there is (default: ${DEFAULT-VALUE}).")
  private String backend;

  @Option(
      names = "--device",
      paramLabel = "INDEX",
      defaultValue = "0",
      description = "Which of the backend's devices, see 'unnoise devices' (default: ${DEFAULT-VALUE}).")
  private int device;

  @Option(
      names = "--precision",
      paramLabel = "P",
      converter = PrecisionConverter.class,
      description = "In what the network computes: fp32, tf32, bf16 or fp16 (default: the device's).")
  private Precision precision;

  @Option(names = "--verbose", description = "Say what is chosen and why; print stack traces of failures.")
  private boolean verbose;

  boolean verbose() {
    return verbose;
  }

  /** Begins to open the device: loading native libraries takes about as long as reading a checkpoint. */
  Opening begin() {
    return new Opening(() -> Backends.open(backend, device));
  }

  /** Opens the device, and says so if asked to. */
  Backends.Opened open(Opening opening) {
    Backends.Opened opened = opening.finish();
    if (verbose) {
      DeviceInfo info = opened.device().info();
      System.err.println(
          "backend " + opened.backend().name() + " (" + opened.reason() + "): " + info.name() + ", " + info.detail());
    }
    return opened;
  }

  /** A network on the device that is being opened. */
  Pipeline pipeline(Opening opening, Network network, Weights weights) {
    Backends.Opened opened = open(opening);
    return new Pipeline(opened.device(), network, weights, precision(opened));
  }

  /** The precision asked for, or the device's own. */
  Precision precision(Backends.Opened opened) {
    DeviceInfo info = opened.device().info();
    Precision chosen = Optional.ofNullable(precision).orElse(info.defaultPrecision());
    if (!info.precisions().contains(chosen)) {
      throw new BackendException(
          "backend " + opened.backend().name() + " on " + info.name() + " does not compute in " + chosen.label()
              + ", expected " + Precision.labels(info.precisions()));
    }
    return chosen;
  }
}
