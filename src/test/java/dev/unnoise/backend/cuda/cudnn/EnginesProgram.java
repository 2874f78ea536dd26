package dev.unnoise.backend.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Place;
import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Places;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.Window;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.model.Architectures;
import dev.unnoise.model.UNet;
import dev.unnoise.model.UNetConfig;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What {@link EnginesTest} runs in a process of its own: engines of the real library for a card that is not there. */
final class EnginesProgram {
  private static final int WIDE = 64;
  private static final int BATCH = 512;

  private EnginesProgram() {}

  public static void main(String[] arguments) {
    if (!CudaLibraries.ofThisProcess().isLoaded(Library.CUDNN)) {
      System.out.println("no cuDNN");
      return;
    }
    try (DescribedCard card = new DescribedCard(DescribedCard.H200)) {
      for (Precision precision : Precision.values()) {
        try (PreparedGraphs graphs = new PreparedGraphs(card, precision == Precision.TF32)) {
          engines(card, graphs, precision);
        }
      }
    }
    assertEquals(0, Cudnn.held());
    System.out.println("done");
  }

  private static void engines(Card card, PreparedGraphs graphs, Precision precision) {
    for (ProductGeometry geometry : geometries(precision)) {
      String what = precision + " " + geometry.key();
      assertTrue(graphs.fits(new ConvolutionGraph(geometry, places(geometry, false, false))), what);
      // To compile what is fused would take a second each. The last layer's result is of another type than its operands,
      // and in single precision none adds a residual but by falling back: a kernel of ours follows those.
      if (geometry.type() == geometry.outputType()) {
        assertTrue(isNamed(card, geometry, precision, false), what + " with a bias");
        assertTrue(precision == Precision.FP32 || isNamed(card, geometry, precision, true), what + " with a residual");
      }
    }
    if (precision.storage() != DataType.F32) {
      fused(graphs, precision);
    }
  }

  private static boolean isNamed(Card card, ProductGeometry geometry, Precision precision, boolean residual) {
    ConvolutionGraph form = new ConvolutionGraph(geometry, places(geometry, true, residual));
    try (OperationGraph graph = OperationGraph.of(card, builder -> form.describe(builder, BATCH))) {
      EnginePolicy policy = EnginePolicy.of(form.type(), precision == Precision.TF32);
      return !EngineRanking.of(card, graph, policy, false).isEmpty();
    }
  }

  /** Compiled, and for another number of images than engines are chosen at. */
  private static void fused(PreparedGraphs graphs, Precision precision) {
    DataType type = precision.storage();
    ProductGeometry geometry =
        new ProductGeometry(Window.SAME_3X3, false, 16, 16, 256, 16, 16, 256, type, type);
    // Channels and rows that begin in the middle of a tensor.
    Places places =
        new Places(
            new Place(512, 16),
            new Place(768, 16),
            Optional.of(new Place(3328, 4)),
            Optional.of(new Place(320, 2)));
    assertTrue(graphs.of(new ConvolutionGraph(geometry, places), BATCH).isPresent(), precision + " fused");
    for (int headDim : new int[] {64, 256}) {
      AttentionGeometry heads = new AttentionGeometry(type, 256, 1, headDim, 0.1f);
      AttentionGraph.Strides strides = new AttentionGraph.Strides(3 * headDim, 3 * headDim, 3 * headDim, headDim);
      assertTrue(graphs.of(new AttentionGraph(heads, strides), BATCH).isPresent(), precision + " " + heads);
    }
  }

  private static Places places(ProductGeometry geometry, boolean vector, boolean residual) {
    Place output = new Place(geometry.outputChannels(), 16);
    return new Places(
        new Place(geometry.channels(), 16),
        output,
        vector ? Optional.of(new Place(0, 16)) : Optional.empty(),
        residual ? Optional.of(output) : Optional.empty());
  }

  private static Set<ProductGeometry> geometries(Precision precision) {
    UNetConfig config = Architectures.byName().get("ddpm-cifar10-32");
    List<Integer> size = config.sampleSize().orElseThrow();
    Network network = UNet.build(config, size.get(0), size.get(1));
    Set<ProductGeometry> geometries = new LinkedHashSet<>();
    GpuDevice.stored(Pass.applyAll(network, GpuDevice.PASSES_BESIDE_LIBRARY), precision).denoiser().nodes().stream()
        .filter(Product.class::isInstance)
        .map(node -> ProductGeometry.of((Product) node))
        .filter(one -> Math.max(one.channels(), one.outputChannels()) >= WIDE)
        .forEach(geometries::add);
    return geometries;
  }
}
