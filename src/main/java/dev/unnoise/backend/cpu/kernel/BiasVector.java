package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.graph.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What a product adds to each output channel: its bias and, for the image at hand, its conditioning. A product with
 * conditioning alone reads it where it lies; one with both gets their sum before every run.
 */
final class BiasVector {
  private final Optional<float[]> bias;
  private final Optional<Tensor> conditioning;

  BiasVector(Optional<float[]> bias, Optional<Tensor> conditioning) {
    this.bias = bias;
    this.conditioning = conditioning;
  }

  boolean isPresent() {
    return bias.isPresent() || conditioning.isPresent();
  }

  /** Where the vector lies for a slot, and what to do before it is read. */
  record Bound(MemorySegment vector, Runnable refresh) {}

  Bound bind(Site site, int slot) {
    if (conditioning.isEmpty()) {
      float[] values = bias.orElseThrow();
      MemorySegment vector = site.scope().allocate(4L * values.length);
      MemorySegment.copy(values, 0, vector, ValueLayout.JAVA_FLOAT, 0, values.length);
      return new Bound(vector, () -> {});
    }
    Region region = site.region(slot, conditioning.get());
    if (bias.isEmpty()) {
      return new Bound(region.memory(), () -> {});
    }
    float[] values = bias.get();
    MemorySegment vector = site.scope().allocate(4L * values.length);
    Runnable refresh =
        () -> {
          for (int c = 0; c < values.length; c++) {
            vector.setAtIndex(ValueLayout.JAVA_FLOAT, c, values[c] + region.get(0, c));
          }
        };
    return new Bound(vector, refresh);
  }
}
