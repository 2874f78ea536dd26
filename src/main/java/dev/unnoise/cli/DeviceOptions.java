package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Pipeline;
import java.util.Optional;
import java.util.stream.Collectors;
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
      converter = DeviceList.Converter.class,
      description = "Which of the backend's devices, see 'unnoise devices' (default: ${DEFAULT-VALUE}); 'sample' "
          + "shares its images among several, such as 0,1.")
  private DeviceList devices;

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
    if (devices.indices().size() > 1) {
      throw new BackendException("--device " + joined() + " names several devices, expected one");
    }
    return begin(devices.indices().getFirst());
  }

  private Opening begin(int index) {
    return new Opening(() -> Backends.open(backend, index));
  }

  private String joined() {
    return devices.indices().stream().map(String::valueOf).collect(Collectors.joining(","));
  }

  /** Begins to open all devices. */
  Openings beginAll() {
    if (devices.indices().size() > 1 && backend.equals(Backends.AUTO)) {
      throw new BackendException("--device " + joined() + " names several devices; name their backend by --backend");
    }
    return new Openings(devices.indices().stream().map(this::begin).toList());
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
