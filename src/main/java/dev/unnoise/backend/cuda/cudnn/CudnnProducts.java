package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Strides;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.node.EpilogueLaunch;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.Located;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.backend.gpu.node.ProductLibrary;
import dev.unnoise.backend.gpu.node.ProductOperands;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.run.BackendException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Convolutions and linear layers by cuDNN: with what is added to them where an engine takes that, else with a kernel after. */
public final class CudnnProducts implements ProductLibrary {
  private final CudnnPlans plans;

  /** Products by these plans. */
  public CudnnProducts(CudnnPlans plans) {
    this.plans = plans;
  }

  @Override
  public String name() {
    return "cudnn";
  }

  @Override
  public boolean fits(ProductGeometry geometry) {
    if (geometry.upsampled()) {
      return false;
    }
    DataType type = geometry.type();
    Located source = new Located(null, 0, geometry.channels());
    Located output = new Located(null, 0, geometry.outputChannels());
    int alignment = Math.min(source.alignment(type), output.alignment(geometry.outputType()));
    Strides dense = new Strides(source.stride(), output.stride(), 0, -1, alignment);
    return plans.fits(new ConvolutionGraph(geometry, dense));
  }

  @Override
  public Launch launch(ProductGeometry geometry, ProductOperands operands, int images, Programs programs) {
    Strides strides = strides(geometry, operands);
    boolean oneVector = operands.bias() == null || operands.conditioning() == null;
    if (!strides.isBare() && oneVector && operands.scale() == 1) {
      Optional<Launch> fused = plan(geometry, strides, operands, images, Optional.empty());
      if (fused.isPresent()) {
        return fused.get();
      }
    }
    Optional<Launch> epilogue =
        EpilogueLaunch.isNeeded(operands)
            ? Optional.of(EpilogueLaunch.of(geometry, operands, programs))
            : Optional.empty();
    try {
      return plan(geometry, strides.bare(), operands, images, epilogue)
          .orElseThrow(
              () -> new BackendException("no engine of cuDNN takes " + geometry.key() + " with " + images + " images"));
    } catch (RuntimeException e) {
      epilogue.ifPresent(launch -> Closing.after(e, launch::close));
      throw e;
    }
  }

  private Optional<Launch> plan(
      ProductGeometry geometry, Strides strides, ProductOperands operands, int images, Optional<Launch> epilogue) {
    Map<Long, Long> addresses = new HashMap<>();
    addresses.put(ConvolutionGraph.SOURCE, address(operands.source(), geometry.type()));
    addresses.put(ConvolutionGraph.WEIGHT, CudaContext.address(operands.weight()));
    addresses.put(ConvolutionGraph.OUTPUT, address(operands.output(), geometry.outputType()));
    if (strides.vector() >= 0) {
      addresses.put(
          ConvolutionGraph.VECTOR,
          operands.conditioning() == null
              ? CudaContext.address(operands.bias())
              : address(row(operands), DataType.F32));
    }
    if (strides.residual() != 0) {
      addresses.put(ConvolutionGraph.RESIDUAL, address(operands.residual(), geometry.type()));
    }
    return plans.launch(new ConvolutionGraph(geometry, strides), images, addresses, epilogue);
  }

  private static long address(Located located, DataType type) {
    return CudaContext.address(located.buffer()) + located.byteOffset(type);
  }

  private static Located row(ProductOperands operands) {
    return new Located(operands.conditioning(), operands.conditioningAt(), operands.conditioningWidth());
  }

  private static Strides strides(ProductGeometry geometry, ProductOperands operands) {
    int vector = operands.conditioning() != null ? operands.conditioningWidth() : operands.bias() != null ? 0 : -1;
    int operandsAlignment =
        Math.min(
            operands.source().alignment(geometry.type()), operands.output().alignment(geometry.outputType()));
    int addedAlignment =
        Math.min(operands.residual().alignment(geometry.type()), row(operands).alignment(DataType.F32));
    int residual = operands.residual().buffer() == null ? 0 : operands.residual().stride();
    return new Strides(
        operands.source().stride(),
        operands.output().stride(),
        residual,
        vector,
        Math.min(operandsAlignment, addedAlignment));
  }
}
