package dev.unnoise.backend.gpu.tune;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.backend.gpu.node.Candidates;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.backend.gpu.node.ProductTemplate;
import dev.unnoise.backend.gpu.node.ProductTrial;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.graph.run.Tuner;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/** Measures templates on the products of a denoiser, each geometry once and at one batch. */
public final class ProductTuner implements Tuner {
  /** Images at once: enough to fill the device. */
  private static final int IMAGES_ON_CARDS = 64;

  private static final int IMAGES_ON_PROCESSORS = 8;

  /** Operands larger than this are tried with fewer images. */
  private static final long LARGEST_OPERAND = 512L << 20;

  /** Another template must be so much faster than the usual one: closer ones change places from run to run. */
  private static final double WORTH_CHANGING = 0.97;

  private final Gpu context;
  private final Programs programs;
  private final TuningFile file;
  private final BiFunction<Network, Precision, Network> lowering;

  /**
   * @param lowering makes of a network what the device runs in a precision
   */
  public ProductTuner(
      Gpu context, Programs programs, TuningFile file, BiFunction<Network, Precision, Network> lowering) {
    this.context = context;
    this.programs = programs;
    this.file = file;
    this.lowering = lowering;
  }

  @Override
  public String location() {
    return file.path().toString();
  }

  @Override
  public void tune(Network network, Precision precision, boolean again, Listener listener) {
    Map<ProductGeometry, Integer> layers = new LinkedHashMap<>();
    lowering.apply(network, precision).denoiser().nodes().stream()
        .filter(Product.class::isInstance)
        .forEach(node -> layers.merge(ProductGeometry.of((Product) node), 1, Integer::sum));
    Map<String, ProductTemplate> measured = file.read();
    List<ProductGeometry> wanted =
        layers.keySet().stream().filter(geometry -> again || !isMeasured(geometry, measured)).toList();
    for (int i = 0; i < wanted.size(); i++) {
      ProductGeometry geometry = wanted.get(i);
      if (!listener.measuring(i, wanted.size(), geometry.key())) {
        return;
      }
      listener.found(measure(geometry, layers.get(geometry)));
    }
  }

  private static boolean isMeasured(ProductGeometry geometry, Map<String, ProductTemplate> measured) {
    ProductTemplate found = measured.get(geometry.key());
    return found != null && found.fits(geometry);
  }

  private Finding measure(ProductGeometry geometry, int layers) {
    int images = images(geometry);
    GpuInfo info = context.info();
    List<ProductTemplate> candidates =
        Candidates.of(geometry, programs.traits()).stream()
            .filter(one -> one.localBytes() <= info.localMemoryBytes() && one.itemsPerGroup() <= info.maxGroupItems())
            .toList();
    ProductTemplate usual = candidates.getFirst();
    ProductTemplate best = usual;
    int rejected = 0;
    try (ProductTrial trial = new ProductTrial(context, programs, geometry, images)) {
      double usualMillis = trial.millis(usual);
      double bestMillis = usualMillis * WORTH_CHANGING;
      for (ProductTemplate candidate : candidates.subList(1, candidates.size())) {
        try {
          double millis = trial.millis(candidate);
          if (millis < bestMillis) {
            best = candidate;
            bestMillis = millis;
          }
        } catch (BackendException e) {
          // Not every template runs on every device; the usual one has run, so the device is still there.
          rejected++;
        }
      }
      context.finish();
      file.put(geometry.key(), best);
      double millis = best.equals(usual) ? usualMillis : bestMillis;
      return new Finding(
          geometry.key(), layers, images, best.key(), millis, usual.key(), usualMillis, rejected);
    }
  }

  private int images(ProductGeometry geometry) {
    int images = context.info().card() ? IMAGES_ON_CARDS : IMAGES_ON_PROCESSORS;
    long most = Math.min(LARGEST_OPERAND, context.info().largestAllocation());
    while (images > 1 && ProductTrial.largestBytes(geometry, images) > most) {
      images /= 2;
    }
    return images;
  }
}
