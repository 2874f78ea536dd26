package dev.unnoise.testing;

import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.RunMonitor;
import dev.unnoise.graph.run.StepRow;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.model.UNet;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** What has a device run each of its kernels, on small odd extents: for programs that watch what kernels do. */
public final class SmallWork {
  private static final int IMAGES = 2;

  private SmallWork() {}

  /** A node, its options chosen by a seed. */
  public static void node(Device device, Class<? extends Node> kind, long seed, Precision precision) {
    Network network = NodeCase.network(kind, seed);
    float[] x = Evaluate.normals(seed, IMAGES * network.sampleShape().elements());
    int[] labels = network.labelled() ? new int[] {1, 2} : new int[0];
    Evaluate.predict(device, precision, network, new NormalWeights(seed), x, IMAGES, 250, labels);
  }

  /** A whole network, evaluated once. */
  public static void network(Device device, UNetConfig config, Precision precision) {
    Network network = RandomNetworks.network(config);
    float[] x = Evaluate.normals(1, network.sampleShape().elements());
    Evaluate.predict(device, precision, network, new NormalWeights(1), x, 1, 250);
  }

  /** Drawn noise, guidance, dynamic thresholding, bytes. */
  public static void thresholdedSampling(Device device, Precision precision) {
    sample(
        device,
        precision,
        new StepTable(steps().subList(0, 1), new Clipping.Dynamic(0.9, 2), true, 1),
        Optional.of(new Guidance(1.5, 2)),
        Optional.empty(),
        Output.Form.UINT8_HWC);
  }

  /** Given noise, a range, earlier estimates, floats. */
  public static void multistepSampling(Device device, Precision precision) {
    List<StepRow> steps = steps();
    List<StepRow> remembering =
        IntStream.range(0, steps.size()).mapToObj(k -> remembering(steps.get(k), Math.min(k, 2))).toList();
    sample(
        device,
        precision,
        new StepTable(remembering, new Clipping.Range(1), true, 1),
        Optional.empty(),
        Optional.of(Evaluate.segment(Evaluate.normals(1, IMAGES * network().sampleShape().elements()))),
        Output.Form.FLOAT32_CHW);
  }

  private static List<StepRow> steps() {
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
    return Samplers.named("ddim")
        .orElseThrow()
        .table(scheduler, 3, new SamplerOptions(OptionalDouble.of(1)))
        .rows();
  }

  /** A step that looks back on so many others. */
  private static StepRow remembering(StepRow row, int others) {
    return new StepRow(
        row.timestep(),
        row.x0FromSample(),
        row.x0FromOutput(),
        row.sample(),
        row.output(),
        row.x0(),
        others > 0 ? 0.1 : 0,
        others > 1 ? 0.1 : 0,
        row.noise(),
        row.draw(),
        row.lowLogVariance(),
        row.highLogVariance(),
        true);
  }

  private static void sample(
      Device device,
      Precision precision,
      StepTable table,
      Optional<Guidance> guidance,
      Optional<MemorySegment> noise,
      Output.Form form) {
    SampleRequest request =
        new SampleRequest(
            table,
            IMAGES,
            IMAGES,
            0,
            0,
            new Labels(List.of(0, 1)),
            guidance,
            noise,
            form,
            RunMonitor.NONE);
    try (Pipeline pipeline = new Pipeline(device, network(), new NormalWeights(1), precision)) {
      pipeline.sample(request, (images, count) -> {});
    }
  }

  /** With classes and learned variances, and small: simulators are slow. */
  private static Network network() {
    UNetConfig config =
        LongStream.range(0, 1000)
            .mapToObj(RandomNetworks::config)
            .filter(UNetConfig::labelled)
            .filter(candidate -> candidate.inChannels() == 3 && candidate.outChannels() == 6)
            .filter(candidate -> candidate.blockOutChannels().equals(List.of(4)))
            .findFirst()
            .orElseThrow();
    return UNet.build(config, 3, 5);
  }

  /** The forward process. */
  public static void noising(Device device) {
    Shape shape = new Shape(3, 3, 5);
    float[] clean = Evaluate.normals(1, 2 * shape.elements());
    float[] noisy = new float[2 * clean.length];
    device.noise(
        new NoisingJob(
            shape,
            2,
            MemorySegment.ofArray(clean),
            new NoisingJob.Levels.Every(List.of(new NoisingJob.Level(0.9, 0.4, 0), new NoisingJob.Level(0.5, 0.8, 7))),
            1,
            0,
            MemorySegment.ofArray(noisy)));
  }
}
