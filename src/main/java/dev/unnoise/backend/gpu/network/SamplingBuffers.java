package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.Guidance;
import dev.unnoise.graph.run.SamplingJob;
import dev.unnoise.graph.run.StepRow;
import java.util.Arrays;
import java.util.List;

/** What a sampling job keeps on the device besides the network: states, tables and, at the end, the images. */
final class SamplingBuffers implements AutoCloseable {
  /** Floats of a row, in the order of sampling.kernel. */
  private static final int ROW = 12;

  private static final long LARGEST_TABLE = 256L << 20;

  /** As many as schedules in use have. */
  private static final int USUAL_STEPS = 1000;

  /** Copies of an image at most: its state, given noise, two earlier estimates, and what is handed out. */
  private static final long STATES = 5;

  /** Numbers of an image besides: two of its index, its step, label, threshold and whether it is finite. */
  private static final long WORDS = 6;

  private final Gpu context;
  private final Held held = new Held();
  final GpuBuffer states;
  final GpuBuffer given;
  final GpuBuffer history1;
  final GpuBuffer history2;
  final GpuBuffer steps;
  final GpuBuffer stepTimes;
  final GpuBuffer step;
  final GpuBuffer indices;
  final GpuBuffer labelSlots;
  final GpuBuffer thresholds;
  final GpuBuffer notFinite;
  final GpuBuffer images;
  final GpuBuffer table;

  /** How many steps the conditioning table holds at once. */
  final int stepsAtOnce;

  /** Labels of the conditioning table, one row each for every step. */
  final int[] labels;

  SamplingBuffers(Gpu context, SamplingJob job, Shape shape, int conditioningWidth) {
    this.context = context;
    int count = job.images();
    long bytes = Float.BYTES * shape.elements() * count;
    List<StepRow> rows = job.table().rows();
    this.labels = job.labelsInUse();
    long stepBytes = (long) Float.BYTES * conditioningWidth * labels.length;
    this.stepsAtOnce =
        (int) Math.clamp(largestTable(context.info()) / stepBytes, 1, rows.size());
    try {
      states = allocate(bytes);
      given = job.initialNoise().isPresent() ? allocate(bytes) : null;
      boolean remembers = job.table().readsHistory();
      history1 = remembers ? allocate(bytes) : null;
      history2 = remembers ? allocate(bytes) : null;
      steps = allocate((long) Float.BYTES * ROW * rows.size());
      stepTimes = allocate((long) Float.BYTES * rows.size());
      step = allocate((long) Integer.BYTES * job.evaluationsPerStep());
      indices = allocate(2L * Integer.BYTES * count);
      labelSlots = allocate((long) Integer.BYTES * job.evaluationsPerStep());
      thresholds = job.table().clipping() instanceof Clipping.Dynamic ? allocate((long) Float.BYTES * count) : null;
      notFinite = allocate((long) Integer.BYTES * count);
      images = allocate(job.output().form().bytes(shape) * count);
      table = allocate(stepBytes * stepsAtOnce);
      fill(job);
    } catch (RuntimeException | Error e) {
      Closing.after(e, this::close);
      throw e;
    }
  }

  /**
   * Bytes that jobs of so many evaluations at once take at most, as far as one can know beforehand: of the conditioning
   * table, what all labels take in {@link #USUAL_STEPS} steps.
   */
  static long bytes(GpuInfo device, Network network, int evaluations) {
    long labels = network.labelled() ? evaluations : 1;
    long stepBytes = Float.BYTES * labels * network.conditioningWidth();
    long mostSteps = Math.clamp(largestTable(device) / Math.max(stepBytes, 1), 1, USUAL_STEPS);
    long states = STATES * Float.BYTES * network.sampleShape().elements();
    return evaluations * (states + WORDS * Integer.BYTES)
        + Float.BYTES * (ROW + 1) * (long) USUAL_STEPS
        + stepBytes * mostSteps;
  }

  private static long largestTable(GpuInfo device) {
    return Math.min(LARGEST_TABLE, device.largestAllocation());
  }

  private GpuBuffer allocate(long bytes) {
    GpuBuffer buffer = context.allocate(bytes);
    held.own(buffer);
    return buffer;
  }

  private void fill(SamplingJob job) {
    int count = job.images();
    List<StepRow> rows = job.table().rows();
    float[] table = new float[ROW * rows.size()];
    float[] times = new float[rows.size()];
    for (int k = 0; k < times.length; k++) {
      float[] row = row(rows.get(k));
      System.arraycopy(row, 0, table, ROW * k, ROW);
      times[k] = (float) rows.get(k).timestep();
    }
    context.write(steps, table);
    context.write(stepTimes, times);
    startOver();
    if (history1 != null) {
      // The first estimate that is remembered moves on what lies here.
      context.write(history1, new float[Math.toIntExact(history1.bytes() / Float.BYTES)]);
    }
    int[] words = new int[2 * count];
    int[] slots = new int[job.evaluationsPerStep()];
    for (int n = 0; n < count; n++) {
      words[2 * n] = (int) job.indices()[n];
      words[2 * n + 1] = (int) (job.indices()[n] >>> Integer.SIZE);
      slots[n] = job.labels().length == 0 ? 0 : Arrays.binarySearch(labels, job.labels()[n]);
    }
    job.guidance()
        .map(Guidance::nullLabel)
        .ifPresent(label -> Arrays.fill(slots, count, 2 * count, Arrays.binarySearch(labels, label)));
    context.write(indices, words);
    context.write(labelSlots, slots);
    job.initialNoise().ifPresent(noise -> context.write(given, 0, noise.asSlice(0, given.bytes())));
  }

  /** Goes back to the first step. */
  void startOver() {
    context.write(step, new int[Math.toIntExact(step.bytes() / Integer.BYTES)]);
    context.write(notFinite, new int[Math.toIntExact(notFinite.bytes() / Integer.BYTES)]);
  }

  private static float[] row(StepRow row) {
    return new float[] {
      (float) row.x0FromSample(),
      (float) row.x0FromOutput(),
      (float) row.sample(),
      (float) row.output(),
      (float) row.x0(),
      (float) row.history1(),
      (float) row.history2(),
      (float) row.noise(),
      (float) row.lowLogVariance(),
      (float) row.highLogVariance(),
      row.remember() ? 1 : 0,
      Float.intBitsToFloat(row.draw())
    };
  }

  @Override
  public void close() {
    held.close();
  }
}
