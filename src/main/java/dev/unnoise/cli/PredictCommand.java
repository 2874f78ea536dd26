package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.run.PredictionJob;
import dev.unnoise.image.ImageException;
import dev.unnoise.image.ImageWriter;
import dev.unnoise.image.Tensors;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code unnoise predict}. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = "Evaluates the network once and writes all its output channels.",
    footer = {"", "Example:", "  unnoise predict --model my-model --input x.npy --timestep 500 --out y.npy"})
final class PredictCommand implements Callable<Integer> {
  private static final double LARGEST_TIMESTEP = 1e6;

  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Option(names = "--input", paramLabel = "FILE", required = true, description = "Noisy images, .npy, float32 N,C,H,W.")
  private Path input;

  @Option(names = "--timestep", paramLabel = "T", required = true, description = "Timestep, 0 or more.")
  private double timestep;

  @Option(
      names = "--class",
      paramLabel = "LIST",
      converter = ClassList.Converter.class,
      description = "Class, list such as 1,2,3, or all: image k takes class k modulo the length.")
  private ClassList classes;

  @Option(names = "--out", paramLabel = "FILE", required = true, description = "Prediction, .npy, float32 N,C,H,W.")
  private String out;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    if (!(timestep >= 0 && timestep <= LARGEST_TIMESTEP)) {
      throw new ParameterException(
          spec.commandLine(), "--timestep " + timestep + " is not within [0, " + (int) LARGEST_TIMESTEP + "]");
    }
    if (!out.endsWith(".npy")) {
      throw new ImageException(out + " should end in .npy: a prediction is not a picture");
    }
    long began = System.nanoTime();
    try (Opening opening = device.begin();
        Checkpoint checkpoint = model.open()) {
      Tensors images = Tensors.read(input);
      Network network = ModelOption.network(checkpoint, Optional.of(images.shape()));
      int[] labels = labels(checkpoint.unet()).of(0, images.count());
      Shape outputShape = network.outputShape();
      try (ImageWriter writer = ImageWriter.open(out, outputShape, images.count(), 0);
          Pipeline pipeline = device.pipeline(opening, network, checkpoint.weights());
          Arena arena = Arena.ofShared()) {
        Backends.Opened opened = opening.finish();
        MemorySegment output =
            arena.allocate(images.count() * outputShape.elements() * Float.BYTES, Float.BYTES);
        pipeline.predict(new PredictionJob(images.count(), images.values(), timestep, labels, output));
        Tensors.requireFinite("the prediction", output);
        writer.write(output, images.count());
        writer.commit();
        spec.commandLine()
            .getOut()
            .printf(
                Locale.ROOT,
                "%s: %d × %s at timestep %s, %s (%s), %s: %.2f s%n",
                Path.of(out).toAbsolutePath().normalize(),
                images.count(),
                outputShape,
                timestep == Math.rint(timestep) ? String.valueOf((long) timestep) : String.valueOf(timestep),
                opened.backend().name(),
                opened.device().info().name(),
                device.precision(opened).label(),
                (System.nanoTime() - began) * 1e-9);
        spec.commandLine().getOut().flush();
      }
    }
    return 0;
  }

  private Labels labels(UNetConfig unet) {
    if (classes == null && unet.labelled()) {
      throw new UnnoiseException("the model is class-conditional: give --class");
    }
    if (classes != null && !unet.labelled()) {
      throw new UnnoiseException("--class was given, but the model has no classes");
    }
    return classes == null ? Labels.NONE : classes.resolve(unet);
  }
}
