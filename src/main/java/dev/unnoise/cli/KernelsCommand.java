package dev.unnoise.cli;

import dev.unnoise.graph.FileFailure;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.run.KernelSources;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.model.Checkpoint;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code unnoise kernels}. */
@Command(
    name = "kernels",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = {
      "Writes the device code that a model takes, as it is compiled.",
      "NAME.cl or NAME.cu is one program, prelude included; NAME.options is a line of compiler options."
    },
    footer = {"", "Example:", "  unnoise kernels --dialect opencl --out kernels/"})
final class KernelsCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Option(names = "--dialect", paramLabel = "NAME", required = true, description = "opencl or cuda.")
  private String dialect;

  @Option(
      names = "--precision",
      paramLabel = "P",
      defaultValue = "fp32",
      converter = PrecisionConverter.class,
      description = "In what the network computes: fp32, bf16 or fp16 (default: ${DEFAULT-VALUE}).")
  private Precision precision;

  @Option(names = "--out", paramLabel = "DIR", required = true, description = "Folder for the files; made if it is not there.")
  private Path out;

  @Option(names = "--verbose", description = "Print stack traces of failures.")
  private boolean verbose;

  @Override
  public Integer call() {
    List<KernelSources> all = ServiceLoader.load(KernelSources.class).stream().map(ServiceLoader.Provider::get).toList();
    KernelSources sources =
        all.stream()
            .filter(candidate -> candidate.dialects().contains(dialect))
            .findFirst()
            .orElseThrow(
                () ->
                    new ParameterException(
                        spec.commandLine(),
                        "--dialect " + dialect + " is unknown, expected one of "
                            + String.join(", ", all.stream().flatMap(one -> one.dialects().stream()).toList())));
    try (Checkpoint checkpoint = model.open()) {
      Network network = ModelOption.network(checkpoint, Optional.empty());
      List<KernelSources.KernelText> texts = sources.of(network, dialect, precision);
      makeFolder();
      for (KernelSources.KernelText text : texts) {
        write(text.name() + text.ending(), text.source());
        write(text.name() + ".options", text.options() + "\n");
      }
      PrintWriter writer = spec.commandLine().getOut();
      writer.println(out.toAbsolutePath().normalize() + ": " + texts.size() + " programs");
    }
    return 0;
  }

  private void makeFolder() {
    if (Files.exists(out) && !Files.isDirectory(out)) {
      throw new UnnoiseException(out + " is not a folder, expected one or a name that is free");
    }
    try {
      Files.createDirectories(out);
    } catch (IOException e) {
      throw new UnnoiseException(out + " cannot be made: " + FileFailure.reason(e), e);
    }
  }

  private void write(String name, String content) {
    Path target = out.resolve(name);
    try {
      Files.writeString(target, content);
    } catch (IOException e) {
      throw new UnnoiseException(target + " cannot be written: " + FileFailure.reason(e), e);
    }
  }
}
