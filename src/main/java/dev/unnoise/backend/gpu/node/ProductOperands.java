package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuBuffer;

/**
 * What a product works on.
 *
 * @param weight in the packing of the template
 * @param bias one number per output channel, or null
 * @param conditioning a row per image, or null
 * @param conditioningWidth entries of a row
 * @param conditioningAt entry of a row that belongs to the first output channel
 */
public record ProductOperands(
    Located source,
    GpuBuffer weight,
    Located output,
    GpuBuffer bias,
    GpuBuffer conditioning,
    int conditioningWidth,
    int conditioningAt,
    Located residual,
    float scale) {

  /** The same without anything that is added. */
  public ProductOperands bare() {
    return bare(source, weight, output);
  }

  /** The same with the weight in another packing. */
  ProductOperands withWeight(GpuBuffer other) {
    return new ProductOperands(
        source, other, output, bias, conditioning, conditioningWidth, conditioningAt, residual, scale);
  }

  /** A bare product. */
  static ProductOperands bare(Located source, GpuBuffer weight, Located output) {
    return new ProductOperands(source, weight, output, null, null, 0, 0, Located.NOWHERE, 1);
  }
}
