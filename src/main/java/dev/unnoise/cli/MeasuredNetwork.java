package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.model.Architectures;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.RandomWeights;
import dev.unnoise.model.UNet;
import dev.unnoise.model.UNetConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Which network to measure: options of commands for which random weights do as well as a checkpoint's. */
final class MeasuredNetwork {
  private static final String DEFAULT_ARCHITECTURE = "ddpm-cifar10-32";

  @Option(names = "--model", paramLabel = "DIR", description = "Folder of a diffusers checkpoint.")
  private Path model;

  @Option(
      names = "--architecture",
      paramLabel = "NAME",
      description = "Random weights in the shape of ddpm-cifar10-32, ddpm-church-256 or adm-64 "
          + "(default, without --model: " + DEFAULT_ARCHITECTURE + ").")
  private String architecture;

  /** Takes a network and its weights, which may be closed afterwards. */
  @FunctionalInterface
  interface Use {
    void accept(String name, Network network, Weights weights);
  }

  void use(CommandSpec spec, Use use) {
    if (model != null && architecture != null) {
      throw new ParameterException(spec.commandLine(), "--model and --architecture exclude each other");
    }
    if (model != null) {
      try (Checkpoint checkpoint = Checkpoint.open(model)) {
        use.accept(checkpoint.location(), ModelOption.network(checkpoint, Optional.empty()), checkpoint.weights());
      }
      return;
    }
    String name = architecture == null ? DEFAULT_ARCHITECTURE : architecture;
    UNetConfig config =
        Optional.ofNullable(Architectures.byName().get(name))
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "--architecture " + name + " is unknown, expected one of "
                            + String.join(", ", Architectures.byName().keySet())));
    List<Integer> size = config.sampleSize().orElseThrow();
    use.accept(name, UNet.build(config, size.get(0), size.get(1)), new RandomWeights(0));
  }
}
