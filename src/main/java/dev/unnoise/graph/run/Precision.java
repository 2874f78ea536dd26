package dev.unnoise.graph.run;

import java.util.Locale;

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

  /** The name on the command line. */
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
