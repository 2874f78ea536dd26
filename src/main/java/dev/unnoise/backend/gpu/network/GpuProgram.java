package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.backend.gpu.node.Stored;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.graph.run.PredictionJob;
import dev.unnoise.graph.run.Program;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.graph.run.RunReport;
import dev.unnoise.graph.run.SamplingJob;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** A network bound to memory for a batch. */
final class GpuProgram implements Program {
  private final Gpu context;
  private final Programs programs;
  private final GpuNetwork network;
  private final BoundGraph denoiser;
  private final int batch;
  private final Consumer<GpuProgram> whenClosed;
  private Launched launched = Launched.NOTHING;
  private boolean closed;

  GpuProgram(
      Gpu context,
      Programs programs,
      GpuNetwork network,
      BoundGraph denoiser,
      int batch,
      Consumer<GpuProgram> whenClosed) {
    this.context = context;
    this.programs = programs;
    this.network = network;
    this.denoiser = denoiser;
    this.batch = batch;
    this.whenClosed = whenClosed;
  }

  @Override
  public int batch() {
    return batch;
  }

  @Override
  public RunReport sample(SamplingJob job) {
    requireFit(job.evaluationsPerStep());
    try (SamplingRun run = new SamplingRun(context, programs, network, denoiser, job)) {
      Launched now = Launched.by(job);
      RunReport report = run.run(launched.covers(now));
      launched = launched.and(now);
      return report;
    }
  }

  @Override
  public void predict(PredictionJob job) {
    requireFit(job.images());
    Graph graph = network.lowered().denoiser();
    int images = job.images();
    float[] timesteps = new float[images];
    Arrays.fill(timesteps, (float) job.timestep());
    float[] labels = new float[images];
    for (int n = 0; n < job.labels().length; n++) {
      labels[n] = job.labels()[n];
    }
    GpuBuffer conditioning = denoiser.input(graph.input(Network.CONDITIONING));
    network.conditioner().fill(timesteps, labels, conditioning);
    context.write(denoiser.input(graph.input(Network.TIMESTEP)), timesteps);
    Tensor sample = graph.input(Network.SAMPLE);
    float[] planes = job.input().asSlice(0, Float.BYTES * images * sample.shape().elements()).toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    float[] pixels = ChannelOrder.toLast(planes, images, sample.shape(), sample.channelStride());
    context.write(denoiser.input(sample), 0, Stored.of(pixels, sample.type()));
    denoiser.enqueue(images);
    read(graph.output(), images, job.output());
  }

  private void read(Tensor tensor, int images, MemorySegment target) {
    Located located = denoiser.locate(tensor);
    Shape shape = tensor.shape();
    // A slice ends with its last channel, not with its last pixel's stride.
    long elements = (images * shape.pixels() - 1) * located.stride() + shape.channels();
    byte[] stored = new byte[Math.toIntExact(elements * tensor.type().bytes())];
    context.read(located.buffer(), tensor.type().bytes() * located.offset(), MemorySegment.ofArray(stored));
    float[] pixels = Stored.numbers(stored, tensor.type());
    float[] planes = ChannelOrder.toFirst(pixels, images, shape, located.stride());
    MemorySegment.copy(planes, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, planes.length);
  }

  @Override
  public List<LaunchTime> profile(SamplingJob job, Repeats repeats) {
    requireFit(job.evaluationsPerStep());
    try (SamplingRun run = new SamplingRun(context, programs, network, denoiser, job)) {
      return run.profile(repeats);
    }
  }

  @Override
  public Map<String, Integer> computedBy() {
    List<Node> nodes = network.lowered().denoiser().nodes();
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < nodes.size(); i++) {
      if (nodes.get(i) instanceof Product || nodes.get(i) instanceof Attention) {
        String by = denoiser.launches(i).stream().map(Launch::by).distinct().collect(Collectors.joining(", then "));
        counts.merge(by, 1, Integer::sum);
      }
    }
    return counts;
  }

  private void requireFit(int evaluations) {
    if (evaluations > batch) {
      throw new IllegalArgumentException(
          evaluations + " evaluations at once do not fit a program compiled for " + batch);
    }
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      Closing.inOrder(denoiser::close, () -> whenClosed.accept(this));
    }
  }
}
