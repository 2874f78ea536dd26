package dev.unnoise.backend.opencl;

import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.Choices;
import dev.unnoise.backend.gpu.node.KernelChoice;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.opencl.cl.ClDevices;
import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.model.TimeEmbedding;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.ToLongFunction;
import java.util.stream.LongStream;

/** Work whose calls {@link FaultsProgram} lets fail: a sampling with guidance, noise and thresholding, and less. */
final class FaultsWork {
  private static final int IMAGES = 2;
  private static final int STEPS = 3;

  private final Network network;

  private FaultsWork(Network network) {
    this.network = network;
  }

  /** Of nodes of as many kinds as there are. */
  static FaultsWork ofManyKinds() {
    return new FaultsWork(
        least(network -> -network.denoiser().nodes().stream().map(Object::getClass).distinct().count()));
  }

  /** Of few programs, which take longer to build than all the rest. */
  static FaultsWork ofFewPrograms() {
    Choices choices = Choices.untuned(Traits.WIDE_PROCESSOR);
    return new FaultsWork(
        least(network -> KernelChoice.all(Pass.applyAll(network, GpuDevice.PASSES), choices).size()));
  }

  /** The least of those networks that know classes and learn variances, and the smallest of these. */
  private static Network least(ToLongFunction<Network> what) {
    return LongStream.range(0, 100)
        .mapToObj(RandomNetworks::config)
        .filter(FaultsWork::suits)
        .map(RandomNetworks::network)
        .min(Comparator.comparingLong(what).thenComparingInt(network -> network.denoiser().nodes().size()))
        .orElseThrow();
  }

  private static boolean suits(UNetConfig config) {
    return config.labelled()
        && config.outChannels() == 2 * config.inChannels()
        && config.timeEmbedding() == TimeEmbedding.POSITIONAL;
  }

  Network network() {
    return network;
  }

  static String deviceName() {
    return ClDevices.all().getFirst().info().name();
  }

  static Device open() {
    return Backends.open("opencl", 0).device();
  }

  Pipeline pipeline(Device device) {
    return new Pipeline(device, network, new NormalWeights(1), Precision.FP32);
  }

  private static SampleRequest request() {
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
    StepTable plain =
        Samplers.named("ddim").orElseThrow().table(scheduler, STEPS, new SamplerOptions(OptionalDouble.of(1)));
    StepTable table = new StepTable(plain.rows(), new Clipping.Dynamic(0.9, 2), true, 1);
    return SampleRequest.of(table, IMAGES)
        .labelled(new Labels(List.of(0, 1)), Optional.of(new Guidance(1.5, 2)))
        .as(Output.Form.FLOAT32_CHW);
  }

  List<Float> sample(Pipeline pipeline) {
    List<Float> values = new ArrayList<>();
    pipeline.sample(request(), (images, count) -> values.addAll(values(images)));
    return values;
  }

  /** From loading the network to closing it again. */
  List<Float> loadAndSample(Device device) {
    try (Pipeline pipeline = pipeline(device)) {
      return sample(pipeline);
    }
  }

  /** A few images by the forward process, which takes one program. */
  static List<Float> noise(Device device) {
    Shape shape = new Shape(3, 4, 4);
    float[] clean = Evaluate.normals(1, IMAGES * shape.elements());
    float[] noisy = new float[clean.length];
    device.noise(
        new NoisingJob(
            shape,
            IMAGES,
            MemorySegment.ofArray(clean),
            new NoisingJob.Levels.Every(List.of(new NoisingJob.Level(0.9, 0.4, 0))),
            1,
            0,
            MemorySegment.ofArray(noisy)));
    return values(MemorySegment.ofArray(noisy));
  }

  /** From opening a device to closing it again, with as little as possible between. */
  static List<Float> openAndNoise() {
    try (Device device = open()) {
      return noise(device);
    }
  }

  private static List<Float> values(MemorySegment images) {
    List<Float> values = new ArrayList<>();
    for (float value : Evaluate.floats(images)) {
      values.add(value);
    }
    return values;
  }

  /** From opening the device to closing it again. */
  List<Float> live() {
    try (Device device = open()) {
      return loadAndSample(device);
    }
  }
}
