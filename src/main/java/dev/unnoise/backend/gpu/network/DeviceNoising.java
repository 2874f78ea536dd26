package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuBuffer;
import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.node.KernelChoice;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.run.NoisingJob;
import java.util.List;

/** The forward process on the device: as many images and levels at a time as memory is set aside for. */
final class DeviceNoising implements AutoCloseable {
  private static final long LARGEST_PART = 256L << 20;
  private static final int QUADRUPLE = 4;

  /** Floats of a level: its factors and the bits of its draw. */
  private static final int LEVEL = 3;

  private final Gpu context;
  private final NoisingJob job;
  private final int elements;
  private final long imageBytes;
  private final int itemsPerGroup;
  private final int images;
  private final int rounds;
  private final GpuBuffer clean;
  private final GpuBuffer noisy;
  private final GpuBuffer levels;
  private final GpuKernel kernel;
  private final Held held = new Held();

  private DeviceNoising(Gpu context, Programs programs, NoisingJob job) {
    this.context = context;
    this.job = job;
    this.elements = Math.toIntExact(job.shape().elements());
    this.imageBytes = (long) Float.BYTES * elements;
    this.itemsPerGroup = programs.traits().itemsPerGroup();
    int most = context.mostGroupsAside();
    this.images = (int) Math.clamp(LARGEST_PART / imageBytes, 1, Math.min(most, job.images()));
    this.rounds = (int) Math.clamp(LARGEST_PART / (imageBytes * images), 1, Math.min(most, job.rounds()));
    try {
      clean = held.own(context.allocate(images * imageBytes));
      noisy = held.own(context.allocate(rounds * images * imageBytes));
      levels = held.own(context.allocate((long) LEVEL * Float.BYTES * Math.max(images, rounds)));
      kernel = held.own(programs.kernel(KernelChoice.noising(programs.traits()), "noising"));
    } catch (RuntimeException | Error e) {
      Closing.after(e, this::close);
      throw e;
    }
  }

  static void run(Gpu context, Programs programs, NoisingJob job) {
    try (DeviceNoising noising = new DeviceNoising(context, programs, job)) {
      for (int first = 0; first < job.images(); first += noising.images) {
        noising.part(first, Math.min(noising.images, job.images() - first));
      }
    }
  }

  private void part(int first, int count) {
    long bytes = count * imageBytes;
    context.write(clean, 0, job.input().asSlice(first * imageBytes, bytes));
    for (int round = 0; round < job.rounds(); round += rounds) {
      int together = Math.min(rounds, job.rounds() - round);
      mix(first, count, round, together);
      for (int i = 0; i < together; i++) {
        long at = ((long) (round + i) * job.images() + first) * imageBytes;
        context.read(noisy, i * bytes, job.output().asSlice(at, bytes));
      }
    }
  }

  private void mix(int first, int count, int round, int together) {
    boolean own = job.levels() instanceof NoisingJob.Levels.Own;
    List<NoisingJob.Level> mixed =
        own
            ? job.levels().list().subList(first, first + count)
            : job.levels().list().subList(round, round + together);
    float[] numbers = new float[LEVEL * mixed.size()];
    for (int i = 0; i < mixed.size(); i++) {
      numbers[LEVEL * i] = (float) mixed.get(i).signal();
      numbers[LEVEL * i + 1] = (float) mixed.get(i).noise();
      numbers[LEVEL * i + 2] = Float.intBitsToFloat(mixed.get(i).draw());
    }
    context.write(levels, numbers);
    long index = job.firstIndex() + first;
    long quadruples = Math.ceilDiv(elements, QUADRUPLE);
    kernel
        .from(0)
        .buffer(clean)
        .buffer(noisy)
        .buffer(levels)
        .integer(own ? 1 : 0)
        .integer(elements)
        .integer(count)
        .integer((int) index)
        .integer((int) (index >>> Integer.SIZE))
        .integer((int) job.seed())
        .integer((int) (job.seed() >>> Integer.SIZE))
        .enqueue(
            new long[] {Math.ceilDiv(quadruples, itemsPerGroup) * itemsPerGroup, count, together},
            new long[] {itemsPerGroup, 1, 1});
  }

  @Override
  public void close() {
    held.close();
  }
}
