package dev.unnoise.backend.opencl;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.node.BesideLibraries;
import dev.unnoise.backend.gpu.node.RareProducts;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDevices;
import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Linear;
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
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/** What {@link OclgrindTest} runs in a process of its own: every kernel of a shape on small odd extents. */
final class OclgrindProgram {
  private static final int IMAGES = 2;

  private OclgrindProgram() {}

  public static void main(String[] arguments) throws IOException {
    String shape = arguments[0];
    System.setProperty(Traits.PROPERTY, shape);
    Precision halves = shape.equals("processor") ? Precision.FP16 : Precision.BF16;
    for (Class<? extends Node> kind : NodeCase.KINDS) {
      watch(shape, kind.getSimpleName(), device -> node(device, kind, 700, Precision.FP32));
    }
    // Kernels that fill tiles fill others in part here, and there are two for norms.
    for (Class<? extends Node> kind : List.of(Attention.class, Convolution.class, GroupNorm.class, Linear.class)) {
      watch(shape, kind.getSimpleName(), device -> node(device, kind, 702, halves));
    }
    // These are alike in every shape.
    if (shape.equals("processor")) {
      watch(shape, "thresholded sampling", OclgrindProgram::thresholdedSampling);
      watch(shape, "multistep sampling", OclgrindProgram::multistepSampling);
      watch(shape, "noising", OclgrindProgram::noising);
      for (Consumer<Gpu> rare : Stream.concat(RareProducts.all().stream(), BesideLibraries.all().stream()).toList()) {
        try (ClContext context = new ClContext(ClDevices.all().getFirst())) {
          rare.accept(context);
        }
        OclgrindLog.requireEmpty();
      }
    }
    System.out.println("done");
  }

  /**
   * Runs something on a device of its own. The simulator judges memory that was freed and allocated again by what lay
   * there before: nothing is freed before the device is. It keeps state by thread: everything happens on this one.
   */
  private static void watch(String shape, String what, Consumer<Device> run) throws IOException {
    try (Device device = Backends.open("opencl", 0).device()) {
      System.out.println(shape + " on " + device.info().name() + ": " + what);
      run.accept(device);
    }
    OclgrindLog.requireEmpty();
  }

  private static void node(Device device, Class<? extends Node> kind, long seed, Precision precision) {
    Network network = NodeCase.network(kind, seed);
    float[] x = Evaluate.normals(seed, IMAGES * network.sampleShape().elements());
    int[] labels = network.labelled() ? new int[] {1, 2} : new int[0];
    Evaluate.predict(device, precision, network, new NormalWeights(seed), x, IMAGES, 250, labels);
  }

  /** Drawn noise, guidance, dynamic thresholding, bytes. */
  private static void thresholdedSampling(Device device) {
    sample(
        device,
        new StepTable(steps().subList(0, 1), new Clipping.Dynamic(0.9, 2), true, 1),
        Optional.of(new Guidance(1.5, 2)),
        Optional.empty(),
        Output.Form.UINT8_HWC);
  }

  /** Given noise, a range, earlier estimates, floats. */
  private static void multistepSampling(Device device) {
    List<StepRow> steps = steps();
    List<StepRow> remembering =
        IntStream.range(0, steps.size()).mapToObj(k -> remembering(steps.get(k), Math.min(k, 2))).toList();
    sample(
        device,
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
    try (Pipeline pipeline = new Pipeline(device, network(), new NormalWeights(1), Precision.FP32)) {
      pipeline.sample(request, (images, count) -> {});
    }
  }

  /** With classes and learned variances, and small: the simulator is slow. */
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

  private static void noising(Device device) {
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
