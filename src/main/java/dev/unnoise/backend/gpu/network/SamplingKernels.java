package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.node.KernelChoice;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.plan.Cost;
import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.SamplingJob;
import java.util.ArrayList;
import java.util.List;

/** The kernels of sampling.kernel with the arguments of one job. */
final class SamplingKernels implements AutoCloseable {
  private static final int QUADRUPLE = 4;

  /** Work-items of a group where a kernel leaves it open. */
  private static final int GROUP = 64;

  private final Programs programs;
  private final KernelSource source;
  private final SamplingJob job;
  private final SamplingBuffers buffers;
  private final BoundGraph denoiser;
  private final Tensor sample;
  private final Tensor timestep;
  private final Tensor output;
  private final Located prediction;
  private final int elements;
  private final int pixels;
  private final int width;
  private final List<StepLaunch> before;
  private final List<StepLaunch> after;
  private final Held held = new Held();
  private final GpuKernel beginStep;
  private final GpuKernel reverseStep;
  private final GpuKernel endStep;
  private final GpuKernel quantile;

  SamplingKernels(
      Programs programs, SamplingJob job, Network network, BoundGraph denoiser, SamplingBuffers buffers) {
    this.programs = programs;
    this.source = KernelChoice.sampling(network, programs.traits());
    this.job = job;
    this.buffers = buffers;
    this.denoiser = denoiser;
    this.sample = network.denoiser().input(Network.SAMPLE);
    this.timestep = network.denoiser().input(Network.TIMESTEP);
    this.output = network.denoiser().output();
    this.prediction = denoiser.locate(output);
    this.elements = Math.toIntExact(sample.shape().elements());
    this.pixels = Math.toIntExact(sample.shape().pixels());
    this.width = network.conditioningWidth();
    try {
      this.beginStep = kernel("begin_step");
      this.reverseStep = kernel("reverse_step");
      this.endStep = kernel("end_step").buffer(buffers.step).integer(job.evaluationsPerStep());
      this.quantile = job.table().clipping() instanceof Clipping.Dynamic ? kernel("quantile") : null;
      bindReverseStep();
      if (job.table().clipping() instanceof Clipping.Dynamic dynamic) {
        bindQuantile(dynamic);
      }
      this.before = List.of(step("begin_step", bytesOfBeginning(), this::enqueueBeginning));
      this.after = ending();
    } catch (RuntimeException | Error e) {
      Closing.after(e, this::close);
      throw e;
    }
  }

  private GpuKernel kernel(String name) {
    GpuKernel kernel = programs.kernel(source, name);
    held.own(kernel);
    return kernel;
  }

  private int guided() {
    return job.guidance().isPresent() ? 1 : 0;
  }

  private double guidanceScale() {
    return job.guidance().map(guidance -> guidance.scale()).orElse(0.0);
  }

  private GpuKernel seed(GpuKernel kernel) {
    return kernel.integer((int) job.seed()).integer((int) (job.seed() >>> Integer.SIZE));
  }

  private void bindReverseStep() {
    Clipping clipping = job.table().clipping();
    int clip =
        switch (clipping) {
          case Clipping.None none -> 0;
          case Clipping.Range range -> 1;
          case Clipping.Dynamic dynamic -> 2;
        };
    boolean bytes = job.output().form() == Output.Form.UINT8_HWC;
    double range = clipping instanceof Clipping.Range(double limit) ? limit : 0;
    GpuKernel kernel = prediction.to(reverseStep.buffer(buffers.states)).integer(elements).integer(pixels);
    seed(kernel.buffer(buffers.steps).buffer(buffers.step).buffer(buffers.indices))
        .integer(job.images())
        .integer(guided())
        .number(guidanceScale())
        .integer(clip)
        .number(range)
        .buffer(buffers.thresholds)
        .integer(job.table().learnedVariance() ? 1 : 0)
        .buffer(buffers.history1)
        .buffer(buffers.history2)
        .buffer(denoiser.input(sample))
        .integer(sample.channelStride())
        .integer(job.table().rows().size() - 1)
        .buffer(bytes ? buffers.images : null)
        .buffer(bytes ? null : buffers.images)
        .buffer(buffers.notFinite);
  }

  private void bindQuantile(Clipping.Dynamic dynamic) {
    double rank = dynamic.ratio() * (elements - 1);
    int below = (int) rank;
    prediction
        .to(quantile.buffer(buffers.states))
        .integer(elements)
        .integer(pixels)
        .buffer(buffers.steps)
        .buffer(buffers.step)
        .integer(job.images())
        .integer(guided())
        .number(guidanceScale())
        .integer(below)
        .number(rank - below)
        .number(dynamic.maximum())
        .buffer(buffers.thresholds);
  }

  private List<StepLaunch> ending() {
    long evaluations = job.evaluationsPerStep();
    long state = (long) Float.BYTES * elements * job.images();
    long predicted = Cost.bytes(output) * evaluations;
    // Two earlier estimates are read and written anew.
    long history = buffers.history1 == null ? 0 : 4 * state;
    long reversing = 2 * state + history + predicted + Cost.bytes(sample) * evaluations;
    List<StepLaunch> list = new ArrayList<>();
    if (quantile != null) {
      list.add(step("quantile", state + predicted, this::enqueueQuantile));
    }
    list.add(step("reverse_step", reversing, () -> overQuadruples(reverseStep)));
    list.add(step("end_step", 2 * Integer.BYTES * evaluations, this::enqueueEnd));
    return list;
  }

  /** Rows of the conditioning table are read, one a label, and written, one an evaluation. */
  private long bytesOfBeginning() {
    long rows = (long) Math.min(buffers.labels.length, job.evaluationsPerStep()) + job.evaluationsPerStep();
    return Float.BYTES * rows * width;
  }

  private StepLaunch step(String kernel, long bytes, Runnable work) {
    String shape = LaunchTime.shape(List.of(output), sample);
    return StepLaunch.sampling(kernel, source.name(), shape, bytes, work);
  }

  private void overQuadruples(GpuKernel kernel) {
    over(kernel, Math.ceilDiv(elements, QUADRUPLE), job.images());
  }

  /** Kernels guard their first axis themselves. */
  private static void over(GpuKernel kernel, long items, long images) {
    kernel.enqueue(new long[] {Math.ceilDiv(items, GROUP) * GROUP, images}, new long[] {GROUP, 1});
  }

  /** Enqueues x_T. */
  void begin() {
    GpuKernel kernel =
        kernel("begin_sampling")
            .buffer(buffers.states)
            .buffer(buffers.given)
            .number(job.table().initialScale())
            .integer(elements)
            .integer(pixels)
            .buffer(buffers.indices);
    seed(kernel)
        .buffer(denoiser.input(sample))
        .integer(sample.channelStride())
        .integer(job.images())
        .integer(guided());
    overQuadruples(kernel);
  }

  /** Says which step's rows stand first in the conditioning table, whenever it has been filled. */
  void readTableFrom(int firstStep) {
    beginStep
        .from(0)
        .buffer(denoiser.conditioning())
        .buffer(denoiser.input(timestep))
        .buffer(buffers.table)
        .integer(width)
        .integer(firstStep)
        .buffer(buffers.labelSlots)
        .integer(buffers.labels.length)
        .buffer(buffers.stepTimes)
        .buffer(buffers.step);
  }

  private void enqueueBeginning() {
    over(beginStep, width, job.evaluationsPerStep());
  }

  private void enqueueQuantile() {
    quantile.enqueue(
        new long[] {(long) KernelChoice.QUANTILE_ITEMS * job.images(), 1}, new long[] {KernelChoice.QUANTILE_ITEMS, 1});
  }

  private void enqueueEnd() {
    endStep.enqueue(new long[] {job.evaluationsPerStep()}, new long[] {1});
  }

  /** What comes before the network in a step. */
  List<StepLaunch> before() {
    return before;
  }

  /** What comes after it. */
  List<StepLaunch> after() {
    return after;
  }

  @Override
  public void close() {
    held.close();
  }
}
