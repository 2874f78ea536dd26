package dev.unnoise.cli;

import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.plan.PlanTable;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.ClassEmbedding;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code unnoise info}. */
@Command(
    name = "info",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    description = "Describes a checkpoint: architecture, parameters, work, memory, scheduler.",
    footer = {"", "Example:", "  unnoise info --model my-model --graph"})
final class InfoCommand implements Callable<Integer> {
  private static final int[] BATCHES = {1, 4, 16, 64};
  private static final double MIB = 1 << 20;

  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Option(names = "--graph", description = "Print the plan: every node with its shapes, place, FLOP and bytes.")
  private boolean graph;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (Opening opening = device.begin();
        Checkpoint checkpoint = model.open()) {
      Network network = ModelOption.network(checkpoint, Optional.empty());
      try (Pipeline pipeline = device.pipeline(opening, network, checkpoint.weights())) {
        describe(out, checkpoint, network, checkpoint.scheduler());
        memory(out, opening.finish(), pipeline.loaded());
        if (graph) {
          out.println();
          PlanTable.lines(pipeline.loaded().plan(1)).forEach(out::println);
        }
      }
    }
    out.flush();
    return 0;
  }

  private static void describe(PrintWriter out, Checkpoint checkpoint, Network network, SchedulerConfig scheduler) {
    UNetConfig unet = checkpoint.unet();
    line(out, "model", checkpoint.location() + ", stored as " + checkpoint.weightFormats());
    line(
        out,
        "architecture",
        "UNet2DModel, " + network.sampleShape() + " → " + network.outputShape() + ", channels "
            + unet.blockOutChannels().stream().map(String::valueOf).collect(Collectors.joining(" "))
            + ", " + unet.layersPerBlock() + " layers per block, " + unet.timeEmbedding().key() + " time embedding");
    line(out, "classes", classes(unet));
    line(out, "parameters", String.format(Locale.ROOT, "%,d", Checkpoint.countParameters(network)));
    line(
        out,
        "work",
        String.format(
            Locale.ROOT,
            "%.3f GFLOP per image and step, in %d nodes",
            network.flop() / 1e9,
            network.denoiser().nodes().size()));
    line(
        out,
        "scheduler",
        scheduler.schedulerClass() + ", T = " + scheduler.trainTimesteps() + ", "
            + (scheduler.trainedBetas().isPresent() ? "trained betas" : scheduler.betaSchedule().key())
            + ", predicts " + scheduler.predictionType().key()
            + ", variance " + scheduler.varianceType().key()
            + (scheduler.thresholding() ? ", dynamic thresholding" : scheduler.clipSample() ? ", clips x_0" : "")
            + (scheduler.rescaleBetasZeroSnr() ? ", zero terminal SNR" : ""));
  }

  private static String classes(UNetConfig unet) {
    return switch (unet.classEmbedding()) {
      case ClassEmbedding.None none -> "none";
      case ClassEmbedding.Table table ->
          table.rows() + ", null class " + Labels.nullClass(unet).orElseThrow() + " unless told otherwise";
      case ClassEmbedding.LikeTimestep like -> "embedded like timesteps";
    };
  }

  private static void memory(PrintWriter out, Backends.Opened opened, LoadedNetwork loaded) {
    StringBuilder text =
        new StringBuilder(
            String.format(Locale.ROOT, "on %s: %.1f MiB of parameters", opened.backend().name(), loaded.parameterBytes() / MIB));
    for (int batch : BATCHES) {
      text.append(
          String.format(Locale.ROOT, ", batch %d %.1f MiB", batch, loaded.programBytes(batch) / MIB));
    }
    line(out, "memory", text.toString());
  }

  private static void line(PrintWriter out, String name, String text) {
    out.printf(Locale.ROOT, "%-13s %s%n", name, text);
  }
}
