package dev.unnoise.backend.host;

import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.graph.run.Philox;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** The forward process in host memory. */
public final class HostNoising {
  private HostNoising() {}

  /** Runs a job. */
  public static void run(NoisingJob job) {
    int elements = Math.toIntExact(job.shape().elements());
    float[] clean = new float[elements];
    float[] noise = new float[elements];
    for (int round = 0; round < job.rounds(); round++) {
      for (int n = 0; n < job.images(); n++) {
        NoisingJob.Level mix = job.level(round, n);
        float ofSignal = (float) mix.signal();
        float ofNoise = (float) mix.noise();
        long bytes = (long) elements * Float.BYTES;
        MemorySegment.copy(job.input(), ValueLayout.JAVA_FLOAT_UNALIGNED, n * bytes, clean, 0, elements);
        Philox.normals(job.seed(), job.firstIndex() + n, mix.draw(), noise, elements);
        for (int i = 0; i < elements; i++) {
          noise[i] = ofSignal * clean[i] + ofNoise * noise[i];
        }
        long at = ((long) round * job.images() + n) * bytes;
        MemorySegment.copy(noise, 0, job.output(), ValueLayout.JAVA_FLOAT_UNALIGNED, at, elements);
      }
    }
  }
}
