package dev.unnoise.backend.opencl;

import dev.unnoise.backend.opencl.node.Traits;
import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.SamplerOptions;
import dev.unnoise.diffusion.Samplers;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Convolution;
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
import dev.unnoise.graph.run.StepTable;
import dev.unnoise.sampling.Backends;
import dev.unnoise.sampling.Labels;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.stream.LongStream;

/** What {@link OclgrindTest} runs in a process of its own: every kernel of a shape on small odd extents. */
final class OclgrindProgram {
  private OclgrindProgram() {}

  public static void main(String[] arguments) {
    // The simulator keeps state by thread: everything happens on this one. Its log is begun anew with every device.
    System.setProperty(Traits.PROPERTY, arguments[0]);
    try (Device device = Backends.open("opencl", 0).device()) {
      System.out.println(arguments[0] + " on " + device.info().name());
      if (arguments[0].equals("card")) {
        // Tiles of cards are large, and the simulator is slow: the kernels that are not the processors' own.
        for (Class<? extends Node> kind : List.of(Attention.class, Convolution.class, Linear.class)) {
          node(device, kind, 700);
        }
      } else {
        NodeCase.KINDS.forEach(kind -> node(device, kind, 700));
        sampling(device);
        noising(device);
      }
    }
    System.out.println("done");
  }

  private static void node(Device device, Class<? extends Node> kind, long seed) {
    Network network = NodeCase.network(kind, seed);
    float[] x = Evaluate.normals(seed, 2 * network.sampleShape().elements());
    int[] labels = network.labelled() ? new int[] {1, 2} : new int[0];
    Evaluate.predict(device, network, new NormalWeights(seed), x, 2, 250, labels);
  }

  /** Guidance, noise, history, dynamic thresholding and learned variances, as far as a table can ask for them. */
  private static void sampling(Device device) {
    Network network =
        LongStream.range(0, 100)
            .mapToObj(RandomNetworks::config)
            .filter(config -> config.labelled() && config.outChannels() == 2 * config.inChannels())
            .map(RandomNetworks::network)
            .findFirst()
            .orElseThrow();
    SchedulerConfig scheduler = SchedulerConfig.defaults(BetaSchedule.LINEAR, 1000, 1e-4, 0.02);
    StepTable plain =
        Samplers.named("ddim").orElseThrow().table(scheduler, 2, new SamplerOptions(OptionalDouble.of(1)));
    StepTable table = new StepTable(plain.rows().subList(0, 1), new Clipping.Dynamic(0.9, 2), true, 1);
    try (Pipeline pipeline = new Pipeline(device, network, new NormalWeights(1), Precision.FP32)) {
      for (Output.Form form : Output.Form.values()) {
        SampleRequest request =
            SampleRequest.of(table, 2)
                .labelled(new Labels(List.of(0, 1)), Optional.of(new Guidance(1.5, 2)))
                .as(form);
        pipeline.sample(request, (images, count) -> {});
      }
    }
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
