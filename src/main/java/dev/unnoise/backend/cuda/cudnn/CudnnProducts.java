package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Place;
import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Places;
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
    Place source = new Place(geometry.channels(), Located.WIDEST_LOAD);
    Place output = new Place(geometry.outputChannels(), Located.WIDEST_LOAD);
    return plans.fits(new ConvolutionGraph(geometry, new Places(source, output, Optional.empty(), Optional.empty())));
  }

  @Override
  public Launch launch(ProductGeometry geometry, ProductOperands operands, int images, Programs programs) {
    Places places = places(geometry, operands);
    boolean oneVector = operands.bias() == null || operands.conditioning() == null;
    if (!places.isBare() && oneVector && operands.scale() == 1) {
      Optional<Launch> fused = plan(geometry, places, operands, images, Optional.empty());
      if (fused.isPresent()) {
        return fused.get();
      }
    }
    Optional<Launch> epilogue =
        EpilogueLaunch.isNeeded(operands)
            ? Optional.of(EpilogueLaunch.of(geometry, operands, programs))
            : Optional.empty();
    try {
      return plan(geometry, places.bare(), operands, images, epilogue)
          .orElseThrow(
              () -> new BackendException("no engine of cuDNN takes " + geometry.key() + " with " + images + " images"));
    } catch (RuntimeException e) {
      epilogue.ifPresent(launch -> Closing.after(e, launch::close));
      throw e;
    }
  }

  private Optional<Launch> plan(
      ProductGeometry geometry, Places places, ProductOperands operands, int images, Optional<Launch> epilogue) {
    Map<Long, Long> addresses = new HashMap<>();
    addresses.put(ConvolutionGraph.SOURCE, CudnnPlans.address(operands.source(), geometry.type()));
    addresses.put(ConvolutionGraph.WEIGHT, CudaContext.address(operands.weight()));
    addresses.put(ConvolutionGraph.OUTPUT, CudnnPlans.address(operands.output(), geometry.outputType()));
    if (places.vector().isPresent()) {
      addresses.put(
          ConvolutionGraph.VECTOR,
          operands.conditioning() == null
              ? CudaContext.address(operands.bias())
              : CudnnPlans.address(row(operands), DataType.F32));
    }
    if (places.residual().isPresent()) {
      addresses.put(ConvolutionGraph.RESIDUAL, CudnnPlans.address(operands.residual(), geometry.type()));
    }
    return plans.launch(new ConvolutionGraph(geometry, places), images, addresses, epilogue);
  }

  private static Located row(ProductOperands operands) {
    return new Located(operands.conditioning(), operands.conditioningAt(), operands.conditioningWidth());
  }

  private static Places places(ProductGeometry geometry, ProductOperands operands) {
    Optional<Place> vector =
        operands.conditioning() != null
            ? Optional.of(place(row(operands), DataType.F32))
            : Optional.ofNullable(operands.bias()).map(bias -> new Place(0, Located.WIDEST_LOAD));
    return new Places(
        place(operands.source(), geometry.type()),
        place(operands.output(), geometry.outputType()),
        vector,
        Optional.of(operands.residual())
            .filter(residual -> residual.buffer() != null)
            .map(residual -> place(residual, geometry.type())));
  }

  private static Place place(Located located, DataType type) {
    return new Place(located.stride(), located.alignment(type));
  }
}
