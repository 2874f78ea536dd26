package dev.unnoise.graph.run;

import dev.unnoise.graph.DataType;
import java.util.Collection;
import java.util.Locale;
import java.util.stream.Collectors;

/** In what the network computes. The state, the statistics of norms and the reverse step are fp32 in all of them. */
public enum Precision {
  /** Storage and products in single precision. */
  FP32,
  /** Storage in single precision, products with 10-bit mantissas. */
  TF32,
  /** Storage and products in bfloat16, sums in single precision. */
  BF16,
  /** Storage and products in half precision, sums in single precision. */
  FP16;

  /** How activations and the weights of products are stored. */
  public DataType storage() {
    return switch (this) {
      case FP32, TF32 -> DataType.F32;
      case BF16 -> DataType.BF16;
      case FP16 -> DataType.F16;
    };
  }

  /** Names in a row, for messages. */
  public static String labels(Collection<Precision> precisions) {
    return precisions.stream().map(Precision::label).collect(Collectors.joining(", "));
  }

  /** The name on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
