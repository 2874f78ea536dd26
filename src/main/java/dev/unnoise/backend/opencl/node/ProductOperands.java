package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClBuffer;

/**
 * What a product works on.
 *
 * @param weight in the packing of the template
 * @param bias one number per output channel, or null
 * @param conditioning a row per image, or null
 * @param conditioningWidth entries of a row
 * @param conditioningAt entry of a row that belongs to the first output channel
 */
record ProductOperands(
    Located source,
    ClBuffer weight,
    Located output,
    ClBuffer bias,
    ClBuffer conditioning,
    int conditioningWidth,
    int conditioningAt,
    Located residual,
    float scale) {

  /** A bare product. */
  static ProductOperands bare(Located source, ClBuffer weight, Located output) {
    return new ProductOperands(source, weight, output, null, null, 0, 0, Located.NOWHERE, 1);
  }
}
