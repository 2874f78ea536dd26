package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuKernel;

/** What follows a product that a library has computed without its epilogue. */
public final class EpilogueLaunch {
  private EpilogueLaunch() {}

  /** Whether there is anything to do. */
  public static boolean isNeeded(ProductOperands operands) {
    return operands.bias() != null
        || operands.conditioning() != null
        || operands.residual().buffer() != null
        || operands.scale() != 1;
  }

  /** Adds and scales in place. */
  public static Launch of(ProductGeometry geometry, ProductOperands operands, Programs programs) {
    Traits traits = programs.traits();
    GpuKernel kernel = programs.kernel(KernelChoice.epilogue(geometry, traits), "epilogue");
    long vectors = Math.ceilDiv(geometry.outputChannels(), traits.vectorWidth());
    long chunks = Math.ceilDiv(geometry.pixels(), Launches.PIXEL_CHUNK);
    KernelLaunch launch = new KernelLaunch(kernel, traits.itemsPerGroup(), vectors, chunks);
    operands.output().to(kernel).integer(geometry.outputChannels()).integer(Math.toIntExact(geometry.pixels()));
    kernel
        .buffer(operands.bias())
        .buffer(operands.conditioning())
        .integer(operands.conditioningWidth())
        .integer(operands.conditioningAt());
    operands.residual().to(kernel).number(operands.scale()).integer(Launches.PIXEL_CHUNK);
    return launch;
  }
}
