package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.Activation;
import dev.unnoise.graph.Tensor;
import java.util.Optional;

/**
 * An operation of pointwise.kernel: activation((source · factor + offset + right) · scale) / divisor.
 *
 * @param channel of the output at which the source's channels begin
 */
record Pointwise(
    Tensor source,
    Tensor output,
    int channel,
    boolean upsampled,
    Optional<Tensor> right,
    Optional<Tensor> factors,
    Optional<Tensor> offsets,
    Optional<Tensor> divisor,
    float factor,
    float offset,
    float scale,
    Activation activation) {

  /** A copy. */
  static Pointwise of(Tensor source, Tensor output) {
    return new Pointwise(
        source,
        output,
        0,
        false,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        1,
        0,
        1,
        Activation.IDENTITY);
  }

  Pointwise activated(Activation kind) {
    return new Pointwise(
        source, output, channel, upsampled, right, factors, offsets, divisor, factor, offset, scale, kind);
  }

  Pointwise affine(float newFactor, float newOffset) {
    return new Pointwise(
        source, output, channel, upsampled, right, factors, offsets, divisor, newFactor, newOffset, scale, activation);
  }

  Pointwise plus(Tensor other, float newScale) {
    return new Pointwise(
        source, output, channel, upsampled, Optional.of(other), factors, offsets, divisor, factor, offset, newScale,
        activation);
  }

  Pointwise shifted(Tensor by) {
    return new Pointwise(
        source, output, channel, upsampled, right, factors, Optional.of(by), divisor, factor, offset, scale, activation);
  }

  Pointwise scaled(Tensor by) {
    return new Pointwise(
        source, output, channel, upsampled, right, Optional.of(by), offsets, divisor, factor, offset, scale, activation);
  }

  Pointwise over(Tensor by) {
    return new Pointwise(
        source, output, channel, upsampled, right, factors, offsets, Optional.of(by), factor, offset, scale, activation);
  }

  Pointwise upsampling() {
    return new Pointwise(
        source, output, channel, true, right, factors, offsets, divisor, factor, offset, scale, activation);
  }

  Pointwise into(int firstChannel) {
    return new Pointwise(
        source, output, firstChannel, upsampled, right, factors, offsets, divisor, factor, offset, scale, activation);
  }

  KernelLaunch launch(KernelSource program, Programs programs, Site site) {
    Traits traits = programs.traits();
    int height = output.height();
    int width = output.width() * site.vectors();
    long chunks = Math.ceilDiv((long) height * width, Launches.PIXEL_CHUNK);
    KernelLaunch launch =
        programs.launch(
            program,
            "pointwise",
            traits.itemsPerGroup(),
            Math.ceilDiv(source.channels(), traits.vectorWidth()),
            chunks);
    GpuKernel kernel = launch.kernel();
    site.locate(source).to(kernel);
    kernel.integer(source.channels()).integer(height).integer(width).integer(upsampled ? 1 : 0);
    right.map(site::locate).orElse(Located.NOWHERE).to(kernel);
    Located target = site.locate(output);
    new Located(target.buffer(), target.offset() + channel, target.stride()).to(kernel);
    kernel
        .buffer(site.conditioning())
        .integer(site.conditioningWidth())
        .integer(factors.map(site::conditioningOffset).orElse(-1))
        .integer(offsets.map(site::conditioningOffset).orElse(-1))
        .buffer(divisor.map(site::numbers).orElse(null))
        .number(factor)
        .number(offset)
        .number(scale)
        .integer(activation.ordinal())
        .integer(Launches.PIXEL_CHUNK);
    return launch;
  }
}
