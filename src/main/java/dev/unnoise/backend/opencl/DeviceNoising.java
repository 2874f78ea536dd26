package dev.unnoise.backend.opencl;

import dev.unnoise.backend.opencl.cl.ClBuffer;
import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClKernel;
import dev.unnoise.backend.opencl.node.KernelChoice;
import dev.unnoise.backend.opencl.node.Programs;
import dev.unnoise.graph.run.NoisingJob;

/** The forward process on the device: a few images at a time, level by level. */
final class DeviceNoising {
  private static final long LARGEST_PART = 256L << 20;
  private static final int QUADRUPLE = 4;

  private DeviceNoising() {}

  static void run(ClContext context, Programs programs, NoisingJob job) {
    int elements = Math.toIntExact(job.shape().elements());
    long imageBytes = (long) Float.BYTES * elements;
    int part = (int) Math.clamp(LARGEST_PART / imageBytes, 1, job.images());
    try (ClBuffer clean = context.allocate(part * imageBytes);
        ClBuffer noisy = context.allocate(part * imageBytes);
        ClBuffer level = context.allocate(3L * Float.BYTES);
        ClKernel kernel = programs.kernel(KernelChoice.noising(programs.traits()), "noising")) {
      for (int first = 0; first < job.images(); first += part) {
        int images = Math.min(part, job.images() - first);
        long bytes = images * imageBytes;
        context.write(clean, 0, job.input().asSlice(first * imageBytes, bytes));
        for (int i = 0; i < job.levels().size(); i++) {
          NoisingJob.Level mix = job.levels().get(i);
          context.write(
              level, new float[] {(float) mix.signal(), (float) mix.noise(), Float.intBitsToFloat(mix.draw())});
          long index = job.firstIndex() + first;
          kernel
              .fromFirst()
              .buffer(clean)
              .buffer(noisy)
              .buffer(level)
              .integer(elements)
              .integer(images)
              .integer((int) index)
              .integer((int) (index >>> Integer.SIZE))
              .integer((int) job.seed())
              .integer((int) (job.seed() >>> Integer.SIZE))
              .enqueue(new long[] {Math.ceilDiv(elements, QUADRUPLE), images, 1}, new long[] {1, 1, 1});
          context.read(noisy, 0, job.output().asSlice(((long) i * job.images() + first) * imageBytes, bytes));
        }
      }
    }
  }
}
