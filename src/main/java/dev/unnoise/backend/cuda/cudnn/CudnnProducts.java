package dev.unnoise.backend.cuda.cudnn;

import dev.unnoise.backend.cuda.api.CudaContext;
import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.node.EpilogueLaunch;
import dev.unnoise.backend.gpu.node.Launch;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.backend.gpu.node.ProductLibrary;
import dev.unnoise.backend.gpu.node.ProductOperands;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.DataType;
import java.util.HashMap;
import java.util.List;
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

  /**
   * Whether products of a geometry are left to cuDNN. Engines read through no upsampling; and vectors, of which
   * conditioning graphs consist, are not worth looking for engines: they are computed once, before the first step.
   */
  public static boolean covers(ProductGeometry geometry) {
    return !geometry.upsampled() && geometry.pixels() > 1;
  }

  @Override
  public boolean fits(ProductGeometry geometry) {
    return covers(geometry);
  }

  @Override
  public void prepareAhead(ProductGeometry geometry, ProductOperands operands, int images) {
    ConvolutionGraph whole = ConvolutionGraph.of(geometry, operands);
    plans.prepareAhead(isFused(whole, operands) ? whole : whole.bare(), images);
  }

  @Override
  public List<Launch> launch(ProductGeometry geometry, ProductOperands operands, int images, Programs programs) {
    ConvolutionGraph whole = ConvolutionGraph.of(geometry, operands);
    if (isFused(whole, operands)) {
      Optional<Launch> fused = plan(whole, operands, images, programs);
      if (fused.isPresent()) {
        return List.of(fused.get());
      }
    }
    Optional<Launch> bare = plan(whole.bare(), operands.bare(), images, programs);
    if (bare.isEmpty() || !EpilogueLaunch.isNeeded(operands)) {
      return bare.stream().toList();
    }
    try {
      return List.of(bare.get(), EpilogueLaunch.of(geometry, operands, programs));
    } catch (RuntimeException e) {
      Closing.after(e, bare.get()::close);
      throw e;
    }
  }

  private boolean isFused(ConvolutionGraph whole, ProductOperands operands) {
    return plans.fuses() && whole.isFused() && ConvolutionGraph.holds(operands);
  }

  private Optional<Launch> plan(
      ConvolutionGraph graph, ProductOperands operands, int images, Programs programs) {
    return plans.launch(
        graph,
        images,
        operands,
        placed -> addresses(graph, placed),
        (trial, launch) -> trial.product(graph.geometry(), operands, launch.andThen(List::of)),
        programs);
  }

  private static Map<Long, Long> addresses(ConvolutionGraph graph, ProductOperands operands) {
    ProductGeometry geometry = graph.geometry();
    Map<Long, Long> addresses = new HashMap<>();
    addresses.put(ConvolutionGraph.SOURCE, CudnnPlans.address(operands.source(), geometry.type()));
    addresses.put(ConvolutionGraph.WEIGHT, CudaContext.address(operands.weight()));
    addresses.put(ConvolutionGraph.OUTPUT, CudnnPlans.address(operands.output(), geometry.outputType()));
    if (graph.places().vector().isPresent()) {
      addresses.put(
          ConvolutionGraph.VECTOR,
          operands.conditioning() == null
              ? CudaContext.address(operands.bias())
              : CudnnPlans.address(ConvolutionGraph.row(operands), DataType.F32));
    }
    if (graph.places().residual().isPresent()) {
      addresses.put(ConvolutionGraph.RESIDUAL, CudnnPlans.address(operands.residual(), geometry.type()));
    }
    return addresses;
  }
}
