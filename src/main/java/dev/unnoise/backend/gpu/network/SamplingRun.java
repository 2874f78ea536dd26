package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuMark;
import dev.unnoise.backend.gpu.GpuReplay;
import dev.unnoise.backend.gpu.Recording;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.graph.run.Repeats;
import dev.unnoise.graph.run.RunReport;
import dev.unnoise.graph.run.SamplingJob;
import dev.unnoise.graph.run.StepRow;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.LockSupport;

/** One job's loop. The host enqueues steps and looks where the device is; it waits for nothing but the images. */
final class SamplingRun implements AutoCloseable {
  /** Steps that may be enqueued and not finished, so that stopping takes effect soon. */
  private static final int AHEAD = 2;

  private static final long POLL_NANOS = 20_000;

  private final Gpu context;
  private final GpuNetwork network;
  private final BoundGraph denoiser;
  private final SamplingJob job;
  private final Shape shape;
  private final SamplingBuffers buffers;
  private final SamplingKernels kernels;
  private final boolean recording;
  private final Deque<GpuMark> ahead = new ArrayDeque<>();
  private GpuReplay replay;
  private long stepsDone;

  SamplingRun(
      Gpu context, Programs programs, GpuNetwork network, BoundGraph denoiser, SamplingJob job) {
    this.recording = Recording.isUsed(context);
    this.context = context;
    this.network = network;
    this.denoiser = denoiser;
    this.job = job;
    Network lowered = network.lowered();
    this.shape = lowered.sampleShape();
    this.buffers = new SamplingBuffers(context, job, shape, lowered.conditioningWidth());
    try {
      this.kernels = new SamplingKernels(programs, job, lowered, denoiser, buffers);
    } catch (RuntimeException | Error e) {
      Closing.after(e, buffers::close);
      throw e;
    }
  }

  /**
   * Runs the job.
   *
   * @param warm whether all that its steps launch has been launched before
   */
  RunReport run(boolean warm) {
    int steps = job.table().rows().size();
    prepare(warm);
    long began = System.nanoTime();
    long allocationsBefore = context.allocations();
    long waits = 0;
    for (int step = 0; step < steps; step++) {
      if (step > 0 && step % buffers.stepsAtOnce == 0) {
        fillTable(step);
        waits++;
        record();
      }
      while (ahead.size() >= AHEAD) {
        followOldest();
      }
      replay.enqueue();
      ahead.add(context.mark());
    }
    while (!ahead.isEmpty()) {
      followOldest();
    }
    long nanos = System.nanoTime() - began;
    long allocations = context.allocations() - allocationsBefore;
    readImages();
    int launches = kernels.before().size() + denoiser.launchCount() + kernels.after().size();
    return new RunReport(job.imageSteps(), nanos, launches, waits, allocations);
  }

  private void enqueueStep() {
    kernels.before().forEach(launch -> launch.work().run());
    denoiser.enqueue(job.evaluationsPerStep());
    kernels.after().forEach(launch -> launch.work().run());
  }

  /** Measures every launch of the first step, replayed as the step is. */
  List<LaunchTime> profile(Repeats repeats) {
    kernels.begin();
    fillTable(0);
    warmUp();
    List<LaunchTime> times = new ArrayList<>();
    // Going on to the next step is the last launch: until then all of them see the first one.
    for (List<StepLaunch> part : List.of(kernels.before(), denoiser.steps(job.evaluationsPerStep()), kernels.after())) {
      part.forEach(launch -> times.add(launch.took(nanos(launch.work(), repeats))));
    }
    return times;
  }

  private double nanos(Runnable launch, Repeats repeats) {
    try (GpuReplay counted = recorded(() -> repeat(launch, repeats.counted()))) {
      repeat(launch, repeats.warm());
      return context.nanosOf(counted::enqueue) / repeats.counted();
    }
  }

  private static void repeat(Runnable work, int times) {
    for (int i = 0; i < times; i++) {
      work.run();
    }
  }

  private GpuReplay recorded(Runnable work) {
    return recording ? context.record(work) : GpuReplay.direct(work);
  }

  /** Comes as far as the first step. */
  private void prepare(boolean warm) {
    kernels.begin();
    fillTable(0);
    if (!warm && recording) {
      warmUp();
    }
    record();
    context.finish();
  }

  /** What drivers and libraries load when it is first used would be in the way of recording. */
  private void warmUp() {
    enqueueStep();
    buffers.startOver();
    kernels.begin();
    context.finish();
  }

  /** The arguments of kernels have changed: what was recorded before is of no use. */
  private void record() {
    GpuReplay old = replay;
    replay = null;
    if (old != null) {
      old.close();
    }
    replay = recorded(this::enqueueStep);
  }

  private void fillTable(int first) {
    List<StepRow> rows = job.table().rows();
    int count = Math.min(buffers.stepsAtOnce, rows.size() - first);
    float[] timesteps = new float[count * buffers.labels.length];
    float[] labels = new float[timesteps.length];
    for (int i = 0; i < timesteps.length; i++) {
      timesteps[i] = (float) rows.get(first + i / buffers.labels.length).timestep();
      labels[i] = buffers.labels[i % buffers.labels.length];
    }
    network.conditioner().fill(timesteps, labels, buffers.table);
    kernels.readTableFrom(first);
  }

  /** Looks at the oldest step until it is done; asking does not make the driver wait. */
  private void followOldest() {
    GpuMark oldest = ahead.peek();
    while (!oldest.isReached()) {
      requireNotInterrupted();
      LockSupport.parkNanos(POLL_NANOS);
    }
    // A device may be done with every step before it is asked.
    requireNotInterrupted();
    ahead.remove();
    oldest.close();
    stepsDone++;
    long done = stepsDone * job.images();
    if (!job.monitor().advanced(done, job.imageSteps())) {
      throw job.stopped(done);
    }
  }

  private static void requireNotInterrupted() {
    if (Thread.currentThread().isInterrupted()) {
      throw new CancellationException("interrupted");
    }
  }

  private void readImages() {
    int[] bad = new int[job.images()];
    context.read(buffers.notFinite, 0, MemorySegment.ofArray(bad));
    for (int n = 0; n < bad.length; n++) {
      if (bad[n] != 0) {
        throw job.notFinite(n, Float.intBitsToFloat(bad[n]));
      }
    }
    long bytes = job.output().form().bytes(shape) * job.images();
    context.read(buffers.images, 0, job.output().destination().asSlice(0, bytes));
  }

  @Override
  public void close() {
    Closing.inOrder(
        context::finish,
        () -> Closing.each(ahead, GpuMark::close),
        () -> Closing.each(replay == null ? List.of() : List.of(replay), GpuReplay::close),
        kernels::close,
        buffers::close);
  }
}
