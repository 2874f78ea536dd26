package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.gpu.GpuKernel;
import dev.unnoise.graph.plan.Cost;

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
    long vectors = Math.ceilDiv(geometry.outputChannels(), traits.vectorWidth());
    long chunks = Math.ceilDiv(geometry.pixels(), Launches.PIXEL_CHUNK);
    KernelLaunch launch =
        programs
            .launch(KernelChoice.epilogue(geometry, traits), "epilogue", traits.itemsPerGroup(), vectors, chunks)
            .costing(cost(geometry, operands));
    GpuKernel kernel = launch.kernel();
    operands.output().to(kernel).integer(geometry.outputChannels()).integer(Math.toIntExact(geometry.pixels()));
    kernel
        .buffer(operands.bias())
        .buffer(operands.conditioning())
        .integer(operands.conditioningWidth())
        .integer(operands.conditioningAt());
    operands.residual().to(kernel).number(operands.scale()).integer(Launches.PIXEL_CHUNK);
    return launch;
  }

  private static Cost cost(ProductGeometry geometry, ProductOperands operands) {
    long elements = geometry.pixels() * geometry.outputChannels();
    long vector = (long) Float.BYTES * geometry.outputChannels();
    long result = 2 * elements * geometry.outputType().bytes();
    long residual = operands.residual().buffer() == null ? 0 : elements * geometry.type().bytes();
    long conditioning = operands.conditioning() == null ? 0 : vector;
    return Cost.ofBytes(result + residual + conditioning, operands.bias() == null ? 0 : vector);
  }
}
