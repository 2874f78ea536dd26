package dev.unnoise.cli;

import dev.unnoise.diffusion.Sampler;
import dev.unnoise.diffusion.SamplerException;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.image.ImageWriter;
import dev.unnoise.image.Tensors;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Fleet;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleReport;
import dev.unnoise.sampling.SampleRequest;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code unnoise sample}. */
@Command(
    name = "sample",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = "Samples images.",
    footer = {
      "",
      "Examples:",
      "  unnoise sample --sampler ddim --steps 25",
      "  unnoise sample --class 3,1,4 --guidance 2 --count 3 --out digits.png",
      "  unnoise sample --model my-model --count 50000 --seed 1 --out for-fid.npz",
      "",
      "Image k depends on the seed and on k alone: --first-index shares the work among machines."
    })
final class SampleCommand implements Callable<Integer> {
  private static final long DEFAULT_COUNT = 16;
  private static final double LARGEST_GUIDANCE = 1e6;

  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Option(names = "--sampler", paramLabel = "NAME", description = "ddpm or ddim (default: what the checkpoint names).")
  private String sampler;

  @Option(names = "--steps", paramLabel = "N", description = "Steps (default: every timestep for ddpm, 50 for ddim).")
  private Integer steps;

  @Option(names = "--eta", paramLabel = "X", description = "ddim's noise, 0 to 1 (default: 0).")
  private Double eta;

  @Option(names = "--count", paramLabel = "N", description = "Images (default: 16, or all of the initial noise).")
  private Long count;

  @Option(names = "--batch", paramLabel = "N", description = "Images at once (default: what suits device and memory).")
  private Integer batch;

  @Mixin private NumberingOptions numbering;

  @Option(
      names = "--class",
      paramLabel = "LIST",
      converter = ClassList.Converter.class,
      description = "Class, list such as 1,2,3, or all: image k takes class k modulo the length (default: all).")
  private ClassList classes;

  @Option(names = "--guidance", paramLabel = "W", description = "Weight of classifier-free guidance (default: none).")
  private Double guidance;

  @Option(names = "--null-class", paramLabel = "N", description = "Class that stands for none (default: the model's).")
  private Integer nullClass;

  @Option(
      names = "--initial-noise",
      paramLabel = "FILE",
      description = "x_T as .npy, float32 N,C,H,W, unit normal (default: drawn from the seed).")
  private Path initialNoise;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      defaultValue = "samples.png",
      description = "NAME.png a grid, FOLDER/ one PNG per image, NAME.npy float32 N,C,H,W before rounding, "
          + "NAME.npz uint8 N,H,W,C as arr_0 (default: ${DEFAULT-VALUE}).")
  private String out;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    checkRanges();
    long began = System.nanoTime();
    try (Openings openings = device.beginAll();
        Checkpoint checkpoint = model.open()) {
      UNetConfig unet = checkpoint.unet();
      SchedulerConfig scheduler = checkpoint.scheduler();
      Sampler chosen = chooseSampler(scheduler);
      int stepCount = Optional.ofNullable(steps).orElseGet(() -> chosen.defaultSteps(scheduler));
      StepTable table = chosen.table(scheduler, stepCount, options());
      Labels labels = labels(unet);
      Optional<Guidance> guide = guidance(unet);
      Optional<Tensors> noise = Optional.ofNullable(initialNoise).map(Tensors::read);
      if (noise.isEmpty() && unet.sampleSize().isEmpty()) {
        throw new UnnoiseException(
            checkpoint.location() + ": config.json has no sample_size; give --initial-noise of the size wanted");
      }
      Network network = ModelOption.network(checkpoint, noise.map(Tensors::shape));
      long images = imageCount(noise);
      try (ImageWriter writer = ImageWriter.open(out, network.sampleShape(), images, numbering.firstIndex())) {
        List<Pipeline> pipelines = openings.pipelines(device, network, checkpoint.weights());
        Pipeline pipeline = pipelines.getFirst();
        Backends.Opened opened = openings.first().finish();
        int perImage = guide.isPresent() ? 2 : 1;
        int atOnce = batch != null ? batch : pipeline.suitableBatch(Math.ceilDiv(images, openings.count()), perImage);
        if (device.verbose()) {
          System.err.println(
              "batches of " + atOnce + ", " + pipeline.loaded().parameterBytes() / 1024 + " KiB of parameters, "
                  + pipeline.loaded().programBytes(Math.toIntExact(Math.min(images, atOnce)) * perImage) / 1024
                  + " KiB of activations");
        }
        SampleReport report;
        try (Progress progress = Progress.start("sampling", images * table.rows().size(), "image-steps")) {
          report =
              new Fleet(pipelines, network).sample(
                  new SampleRequest(
                      table,
                      images,
                      atOnce,
                      numbering.seed(),
                      numbering.firstIndex(),
                      labels,
                      guide,
                      noise.map(Tensors::values),
                      writer.form() == ImageWriter.Form.PIXELS ? Output.Form.UINT8_HWC : Output.Form.FLOAT32_CHW,
                      progress.monitor()),
                  writer::write);
        }
        writer.commit();
        print(chosen, stepCount, network.sampleShape(), opened, openings.count(), report, System.nanoTime() - began);
      }
    }
    return 0;
  }

  private void checkRanges() {
    atLeast("--steps", steps, 1);
    atLeast("--count", count, 1);
    atLeast("--batch", batch, 1);
    numbering.check(spec, count == null ? 0 : count);
    if (guidance != null && !(Math.abs(guidance) <= LARGEST_GUIDANCE)) {
      throw misuse("--guidance " + guidance + " is not within [-" + (int) LARGEST_GUIDANCE + ", " + (int) LARGEST_GUIDANCE + "]");
    }
    if (eta != null && !(eta >= 0 && eta <= 1)) {
      throw misuse("--eta " + eta + " is not within [0, 1]");
    }
  }

  private void atLeast(String option, Number value, long least) {
    if (value != null && value.longValue() < least) {
      throw misuse(option + " " + value + " is below " + least);
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private Sampler chooseSampler(SchedulerConfig scheduler) {
    if (sampler != null) {
      return Samplers.named(sampler)
          .orElseThrow(
              () -> misuse("--sampler " + sampler + " is unknown, expected one of " + String.join(", ", Samplers.names())));
    }
    return Samplers.of(scheduler)
        .orElseThrow(
            () ->
                new SamplerException(
                    "the checkpoint names the scheduler " + scheduler.schedulerClass()
                        + ", which is not supported yet; choose with --sampler one of "
                        + String.join(", ", Samplers.names())));
  }

  private SamplerOptions options() {
    return eta == null ? SamplerOptions.DEFAULT : new SamplerOptions(OptionalDouble.of(eta));
  }

  private Labels labels(UNetConfig unet) {
    if (classes != null) {
      if (!unet.labelled()) {
        throw new UnnoiseException("--class was given, but the model has no classes");
      }
      return classes.resolve(unet);
    }
    return Labels.all(unet);
  }

  private Optional<Guidance> guidance(UNetConfig unet) {
    if (guidance == null) {
      if (nullClass != null) {
        throw misuse("--null-class has an effect only together with --guidance");
      }
      return Optional.empty();
    }
    if (!unet.labelled()) {
      throw new UnnoiseException("--guidance was given, but the model has no classes");
    }
    int label =
        nullClass != null
            ? nullClass
            : Labels.nullClass(unet)
                .orElseThrow(() -> new UnnoiseException("the model does not say which class stands for none: give --null-class"));
    Labels.requireKnown(unet, label);
    return Optional.of(new Guidance(guidance, label));
  }

  private long imageCount(Optional<Tensors> noise) {
    if (noise.isEmpty()) {
      return count != null ? count : DEFAULT_COUNT;
    }
    int there = noise.get().count();
    if (count != null && count > there) {
      throw misuse("--count " + count + " is above the " + there + " images in " + initialNoise);
    }
    return count != null ? count : there;
  }

  private void print(
      Sampler chosen,
      int stepCount,
      Shape shape,
      Backends.Opened opened,
      int devices,
      SampleReport report,
      long nanos) {
    Precision precision = device.precision(opened);
    spec.commandLine()
        .getOut()
        .printf(
            Locale.ROOT,
            "%s: %d %s of %d×%d, %s, %d %s, seed %d%n%s (%s), %s: %.2f s, %.1f image-steps/s (%.2f s in the loop)%n",
            Path.of(out).toAbsolutePath().normalize(),
            report.images(),
            report.images() == 1 ? "image" : "images",
            shape.height(),
            shape.width(),
            chosen.name(),
            stepCount,
            stepCount == 1 ? "step" : "steps",
            numbering.seed(),
            opened.backend().name(),
            (devices == 1 ? "" : devices + " × ") + opened.device().info().name(),
            precision.label(),
            nanos * 1e-9,
            report.imageStepsPerSecond(),
            report.nanos() * 1e-9);
    spec.commandLine().getOut().flush();
  }
}
