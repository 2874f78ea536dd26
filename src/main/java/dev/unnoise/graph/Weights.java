package dev.unnoise.graph;

/** Where stored parameters come from: a checkpoint, or a generator of random ones. */
@FunctionalInterface
public interface Weights {

  /**
   * The elements of one stored parameter, row-major.
   *
   * @throws RuntimeException naming the parameter, if it is missing or of another shape
   */
  float[] load(Parameter.Stored parameter);

  /** The elements of any parameter: stored ones loaded, the others made from them. */
  default float[] resolve(Parameter parameter) {
    return switch (parameter) {
      case Parameter.Stored stored -> load(stored);
      case Parameter.Stacked stacked -> {
        float[] all = new float[Math.toIntExact(stacked.elements())];
        int at = 0;
        for (Parameter part : stacked.parts()) {
          float[] values = resolve(part);
          System.arraycopy(values, 0, all, at, values.length);
          at += values.length;
        }
        yield all;
      }
      case Parameter.Columns columns -> {
        float[] of = resolve(columns.of());
        float[] chosen = new float[Math.toIntExact(columns.elements())];
        int rows = columns.shape().getFirst();
        int width = of.length / rows;
        int kept = chosen.length / rows;
        int skipped = columns.offset() * (kept / columns.count());
        for (int row = 0; row < rows; row++) {
          System.arraycopy(of, row * width + skipped, chosen, row * kept, kept);
        }
        yield chosen;
      }
      case Parameter.Sum sum -> {
        float[] left = resolve(sum.left()).clone();
        float[] right = resolve(sum.right());
        for (int i = 0; i < left.length; i++) {
          left[i] += right[i];
        }
        yield left;
      }
    };
  }
}
