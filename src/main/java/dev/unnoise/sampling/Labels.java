package dev.unnoise.sampling;

import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.model.ClassEmbedding;
import dev.unnoise.model.UNetConfig;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * The classes of a run: image k takes entry k mod length, k being its absolute index.
 *
 * @param cycle empty for networks without classes
 */
public record Labels(List<Integer> cycle) {
  /** For networks without classes. */
  public static final Labels NONE = new Labels(List.of());

  public Labels {
    cycle = List.copyOf(cycle);
  }

  /**
   * Labels a network knows.
   *
   * @throws UnnoiseException naming the label, if it does not
   */
  public static Labels of(UNetConfig config, List<Integer> labels) {
    labels.forEach(label -> requireKnown(config, label));
    return new Labels(labels);
  }

  /** Every label of a network but the null class; {@link #NONE} for networks without classes. */
  public static Labels all(UNetConfig config) {
    return switch (config.classEmbedding()) {
      case ClassEmbedding.None none -> NONE;
      case ClassEmbedding.Table table -> {
        int nullClass = nullClass(config).orElseThrow();
        List<Integer> labels =
            IntStream.range(0, table.rows()).filter(label -> label != nullClass || table.rows() == 1).boxed().toList();
        yield new Labels(labels);
      }
      case ClassEmbedding.LikeTimestep like ->
          throw new UnnoiseException(
              "the model embeds classes like timesteps, so its labels are not known: name them, for example --class 0,1,2");
    };
  }

  /** The label that stands for none: what the model's file names, or the last row of a table. */
  public static OptionalInt nullClass(UNetConfig config) {
    if (config.nullClass().isPresent()) {
      return OptionalInt.of(config.nullClass().get());
    }
    return config.classEmbedding() instanceof ClassEmbedding.Table table
        ? OptionalInt.of(table.rows() - 1)
        : OptionalInt.empty();
  }

  /**
   * Refuses a label that a network does not know.
   *
   * @throws UnnoiseException naming it
   */
  public static void requireKnown(UNetConfig config, int label) {
    switch (config.classEmbedding()) {
      case ClassEmbedding.None none ->
          throw new UnnoiseException("the model has no classes, but class " + label + " was asked for");
      case ClassEmbedding.Table table -> {
        if (label < 0 || label >= table.rows()) {
          throw new UnnoiseException("class " + label + " is not within [0, " + (table.rows() - 1) + "]");
        }
      }
      case ClassEmbedding.LikeTimestep like -> {
        if (label < 0) {
          throw new UnnoiseException("class " + label + " is below 0");
        }
      }
    }
  }

  /** The labels of images {@code firstIndex …}, or an empty array for networks without classes. */
  public int[] of(long firstIndex, int images) {
    if (cycle.isEmpty()) {
      return new int[0];
    }
    int[] labels = new int[images];
    for (int n = 0; n < images; n++) {
      labels[n] = cycle.get((int) Math.floorMod(firstIndex + n, (long) cycle.size()));
    }
    return labels;
  }
}
