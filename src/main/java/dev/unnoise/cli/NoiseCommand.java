package dev.unnoise.cli;

import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.Keyed;
import dev.unnoise.diffusion.NoiseSchedule;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.image.ImageWriter;
import dev.unnoise.image.Pictures;
import dev.unnoise.image.Pixels;
import dev.unnoise.image.Tensors;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.sampling.Backends;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code unnoise noise}. */
@Command(
    name = "noise",
    mixinStandardHelpOptions = true,
    versionProvider = Version.class,
    sortOptions = false,
    description = "Adds noise to images: the forward process.",
    footer = {
      "",
      "Examples:",
      "  unnoise noise --input photo.png --timestep 0,250,500,750,999 --schedule linear --out noisy.png",
      "  unnoise noise --model my-model --input x.npy --timestep 300 --out x300.npy"
    })
final class NoiseCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOption model;

  @Option(names = "--schedule", paramLabel = "NAME", description = "Noise schedule in place of a model's: linear, scaled_linear, squaredcos_cap_v2, laplace or sigmoid.")
  private String schedule;

  @Option(names = "--beta-start", paramLabel = "X", description = "First beta of --schedule (default: 0.0001).")
  private Double betaStart;

  @Option(names = "--beta-end", paramLabel = "X", description = "Last beta of --schedule (default: 0.02).")
  private Double betaEnd;

  @Option(names = "--train-timesteps", paramLabel = "N", description = "Timesteps of --schedule (default: 1000).")
  private Integer trainTimesteps;

  @Option(
      names = "--input",
      paramLabel = "FILE",
      required = true,
      description = "A picture, or images as .npy, float32 N,C,H,W in [-1, 1].")
  private Path input;

  @Option(
      names = "--timestep",
      paramLabel = "LIST",
      required = true,
      converter = TimestepList.Converter.class,
      description = "Timestep or list such as 0,10,999.")
  private TimestepList timesteps;

  @Option(names = "--each", description = "Image k gets the k-th timestep of the list alone; by default every image gets every one.")
  private boolean each;

  @Option(names = "--one-step", description = "Take the input as x of the timestep before, and add one step's noise.")
  private boolean oneStep;

  @Mixin private NumberingOptions numbering;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      required = true,
      description = "Timestep by timestep, all images: endings as in 'unnoise sample'.")
  private String out;

  @Mixin private DeviceOptions device;

  @Override
  public Integer call() {
    numbering.check(spec, 0);
    long began = System.nanoTime();
    NoiseSchedule noise = schedule == null ? fromModel() : fromOptions();
    List<NoisingJob.Level> levels =
        timesteps.timesteps().stream().map(t -> oneStep ? noise.oneStep(t) : noise.closedForm(t)).toList();
    Tensors images = images();
    if (each && levels.size() != images.count()) {
      throw misuse(
          "--each takes one timestep per image, but there are " + levels.size() + " timesteps for " + images.count()
              + " images");
    }
    NoisingJob.Levels mixed = each ? new NoisingJob.Levels.Own(levels) : new NoisingJob.Levels.Every(levels);
    long total = each ? images.count() : (long) levels.size() * images.count();
    try (ImageWriter writer = ImageWriter.open(out, images.shape(), total, 0);
        Opening opening = device.begin();
        Arena arena = Arena.ofShared()) {
      Backends.Opened opened = device.open(opening);
      device.precision(opened);
      MemorySegment noisy = arena.allocate(total * images.shape().elements() * Float.BYTES, Float.BYTES);
      opened
          .device()
          .noise(
              new NoisingJob(images.shape(), images.count(), images.values(), mixed, numbering.seed(), numbering.firstIndex(), noisy));
      MemorySegment finished =
          writer.form() == ImageWriter.Form.TENSOR ? noisy : Pixels.of(noisy, images.shape(), total, arena);
      writer.write(finished, Math.toIntExact(total));
      writer.commit();
      spec.commandLine()
          .getOut()
          .printf(
              Locale.ROOT,
              "%s: %d × %s at %d %s, %s (%s): %.2f s%n",
              Path.of(out).toAbsolutePath().normalize(),
              total,
              images.shape(),
              levels.size(),
              levels.size() == 1 ? "timestep" : "timesteps",
              opened.backend().name(),
              opened.device().info().name(),
              (System.nanoTime() - began) * 1e-9);
      spec.commandLine().getOut().flush();
    }
    return 0;
  }

  private NoiseSchedule fromModel() {
    if (betaStart != null || betaEnd != null || trainTimesteps != null) {
      throw misuse("--beta-start, --beta-end and --train-timesteps belong to --schedule, which is not given");
    }
    try (Checkpoint checkpoint = model.open()) {
      return checkpoint.scheduler().noiseSchedule();
    }
  }

  private NoiseSchedule fromOptions() {
    if (model.isGiven()) {
      throw misuse("--model and --schedule exclude each other");
    }
    BetaSchedule kind =
        Keyed.find(BetaSchedule.class, schedule)
            .orElseThrow(
                () ->
                    misuse(
                        "--schedule " + schedule + " is unknown, expected one of "
                            + String.join(", ", Keyed.keys(BetaSchedule.class))));
    if (kind != BetaSchedule.LINEAR && kind != BetaSchedule.SCALED_LINEAR && kind != BetaSchedule.SIGMOID
        && (betaStart != null || betaEnd != null)) {
      throw misuse("--beta-start and --beta-end have no effect on --schedule " + schedule);
    }
    int length = trainTimesteps == null ? 1000 : trainTimesteps;
    if (length < 1) {
      throw misuse("--train-timesteps " + length + " is below 1");
    }
    double start = beta("--beta-start", betaStart, 1e-4);
    double end = beta("--beta-end", betaEnd, 0.02);
    return SchedulerConfig.defaults(kind, length, start, end).noiseSchedule();
  }

  private double beta(String option, Double value, double byDefault) {
    if (value == null) {
      return byDefault;
    }
    if (!(value >= 0 && value <= 1)) {
      throw misuse(option + " " + value + " is not within [0, 1]");
    }
    return value;
  }

  private Tensors images() {
    if (input.toString().endsWith(".npy")) {
      return Tensors.read(input);
    }
    if (schedule != null) {
      return Pictures.read(input, Pictures.channels(input));
    }
    try (Checkpoint checkpoint = model.open()) {
      return Pictures.read(input, checkpoint.unet().inChannels());
    }
  }

  private ParameterException misuse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }
}
