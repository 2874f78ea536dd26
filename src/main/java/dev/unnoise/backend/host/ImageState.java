package dev.unnoise.backend.host;

import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.Output;
import dev.unnoise.graph.run.Philox;
import dev.unnoise.graph.run.SamplingJob;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** One image on its way: x_t and the remembered estimates, float32 in C,H,W order. */
final class ImageState {
  private final Shape shape;
  private final float[] x;
  private float[] history1;
  private float[] history2;

  ImageState(Shape shape, boolean remembers) {
    this.shape = shape;
    int elements = Math.toIntExact(shape.elements());
    this.x = new float[elements];
    this.history1 = remembers ? new float[elements] : null;
    this.history2 = remembers ? new float[elements] : null;
  }

  /** Sets x_T of image {@code n} of a job. */
  void start(SamplingJob job, int n) {
    if (job.initialNoise().isPresent()) {
      MemorySegment.copy(
          job.initialNoise().get(), ValueLayout.JAVA_FLOAT_UNALIGNED, (long) n * x.length * Float.BYTES, x, 0, x.length);
    } else {
      Philox.normals(job.seed(), job.indices()[n], 0, x, x.length);
    }
    float scale = (float) job.table().initialScale();
    if (scale != 1) {
      for (int i = 0; i < x.length; i++) {
        x[i] *= scale;
      }
    }
  }

  float[] x() {
    return x;
  }

  float[] history1() {
    return history1;
  }

  float[] history2() {
    return history2;
  }

  /** Makes {@code estimate} the newest remembered one. */
  void remember(float[] estimate) {
    if (history1 == null) {
      return;
    }
    float[] oldest = history2;
    history2 = history1;
    history1 = oldest;
    System.arraycopy(estimate, 0, history1, 0, estimate.length);
  }

  /**
   * Stores the finished image.
   *
   * @throws dev.unnoise.graph.run.BackendException if it is not finite
   */
  void finish(SamplingJob job, int n) {
    for (float value : x) {
      if (!Float.isFinite(value)) {
        throw job.notFinite(n, value);
      }
    }
    Output output = job.output();
    MemorySegment target = output.image(n, shape);
    switch (output.form()) {
      case FLOAT32_CHW -> MemorySegment.copy(x, 0, target, ValueLayout.JAVA_FLOAT_UNALIGNED, 0, x.length);
      case UINT8_HWC -> {
        int pixels = Math.toIntExact(shape.pixels());
        for (int c = 0; c < shape.channels(); c++) {
          for (int pixel = 0; pixel < pixels; pixel++) {
            target.set(
                ValueLayout.JAVA_BYTE, (long) pixel * shape.channels() + c, Output.quantize(x[c * pixels + pixel]));
          }
        }
      }
    }
  }
}
