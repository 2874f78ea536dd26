package dev.unnoise.backend.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.api.KeptFiles;
import dev.unnoise.backend.cuda.api.Nominal;
import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Place;
import dev.unnoise.backend.cuda.cudnn.ConvolutionGraph.Places;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.AttentionGeometry;
import dev.unnoise.backend.gpu.node.LibraryTrial;
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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/** What {@link EnginesTest} runs in a process of its own: engines of the real library for a card that is not there. */
final class EnginesProgram {
  private static final int WIDE = 64;
  private static final int BATCH = 512;
  private static final int OTHER = 8;

  private EnginesProgram() {}

  public static void main(String[] arguments) {
    if (!CudaLibraries.ofThisProcess().isLoaded(Library.CUDNN)) {
      System.out.println("no cuDNN");
      return;
    }
    Path folder = Path.of(arguments[0]);
    for (Precision precision : Precision.values()) {
      withGraphs(folder, precision, (card, graphs) -> engines(card, graphs, precision));
    }
    kept(folder);
    assertEquals(0, Cudnn.held());
    System.out.println("done");
  }

  private static void withGraphs(Path folder, Precision precision, BiConsumer<Card, PreparedGraphs> use) {
    long limit = TimeUnit.MINUTES.toNanos(1);
    try (DescribedCard card = new DescribedCard(DescribedCard.H200);
        PlanCompiler compiler = new PlanCompiler(() -> new DescribedCard(DescribedCard.H200), limit);
        PreparedGraphs graphs =
            new PreparedGraphs(
                card,
                new PreparedGraphs.Settings(
                    compiler, new PlanStore(new KeptFiles(folder), "an H200"), new Nominal(BATCH, 1L << 30), 1L << 33),
                precision == Precision.TF32)) {
      use.accept(card, graphs);
    }
  }

  private static Optional<PreparedGraph> prepare(PreparedGraphs graphs, GraphForm form, int images) {
    return graphs.of(form, images, (graph, count) -> new LibraryTrial.Verdict.Right());
  }

  /** What was compiled is made again from its text, in a fraction of the time. */
  private static void kept(Path folder) {
    long files = files(folder);
    withGraphs(folder, Precision.BF16, (card, graphs) -> fused(graphs, Precision.BF16));
    assertEquals(files, files(folder), "more was compiled");
  }

  private static long files(Path folder) {
    try (Stream<Path> all = Files.list(folder)) {
      return all.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void engines(Card card, PreparedGraphs graphs, Precision precision) {
    for (ProductGeometry geometry : geometries(precision)) {
      String what = precision + " " + geometry.key();
      assertTrue(prepare(graphs, new ConvolutionGraph(geometry, places(geometry, false, false)), BATCH).isPresent(), what);
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
    assertTrue(prepare(graphs, new ConvolutionGraph(geometry, places), OTHER).isPresent(), precision + " fused");
    for (int headDim : new int[] {64, 256}) {
      AttentionGeometry heads = new AttentionGeometry(type, 256, 1, headDim, 0.1f);
      AttentionGraph.Strides strides = new AttentionGraph.Strides(3 * headDim, 3 * headDim, 3 * headDim, headDim);
      assertTrue(prepare(graphs, new AttentionGraph(heads, strides), OTHER).isPresent(), precision + " " + heads);
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
