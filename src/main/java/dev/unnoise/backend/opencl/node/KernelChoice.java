package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.AveragePool;
import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.FourierEmbedding;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Linear;
import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Upsample;
import dev.unnoise.graph.Window;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Which programs compute a node on a kind of device. */
public final class KernelChoice {
  /** Work-items that search for a quantile together. */
  public static final int QUANTILE_ITEMS = 64;

  /** Linear layers walk through all pixels as one row. */
  private static final int LONG_ROW = 1 << 20;

  private KernelChoice() {}

  /** Every program that a network needs, those of the sampling loop included. */
  public static Set<KernelSource> all(Network lowered, Traits traits) {
    Set<KernelSource> all = new LinkedHashSet<>();
    Stream.of(lowered.conditioning(), lowered.denoiser())
        .flatMap(graph -> graph.nodes().stream())
        .forEach(node -> all.add(of(node, traits)));
    all.add(sampling(traits));
    all.add(noising(traits));
    return all;
  }

  static KernelSource of(Node node, Traits traits) {
    return switch (node) {
      case Convolution n -> product(n.window(), n.upsampled(), n.output().width(), traits);
      case Linear n -> product(Window.POINT, false, LONG_ROW, traits);
      case GroupNorm n -> source("group_norm", Map.of(), traits);
      case Attention n -> source(traits.attention().file(), traits.attention().options(n.headDim()), traits);
      case SinusoidalEmbedding n -> source("embedding", Map.of(), traits);
      case FourierEmbedding n -> source("embedding", Map.of(), traits);
      case Lookup n -> source("embedding", Map.of(), traits);
      case Activate n -> pointwise(traits);
      case Add n -> pointwise(traits);
      case AddConditioning n -> pointwise(traits);
      case Affine n -> pointwise(traits);
      case AveragePool n -> pointwise(traits);
      case Concatenate n -> pointwise(traits);
      case Divide n -> pointwise(traits);
      case Modulate n -> pointwise(traits);
      case Upsample n -> pointwise(traits);
    };
  }

  /** The kernels of the sampling loop. */
  public static KernelSource sampling(Traits traits) {
    return source("sampling", Map.of("QUANTILE_ITEMS", QUANTILE_ITEMS), traits);
  }

  /** The forward process. */
  public static KernelSource noising(Traits traits) {
    return source("noising", Map.of(), traits);
  }

  private static KernelSource pointwise(Traits traits) {
    return source("pointwise", Map.of(), traits);
  }

  private static KernelSource product(Window window, boolean upsampled, int width, Traits traits) {
    Map<String, Integer> options = new TreeMap<>(traits.products().options(width));
    options.putAll(ProductTemplate.window(window, upsampled));
    return source(traits.products().file(), options, traits);
  }

  private static KernelSource source(String file, Map<String, Integer> options, Traits traits) {
    Map<String, Integer> all = new TreeMap<>(options);
    all.put("VW", traits.vectorWidth());
    return new KernelSource(file, all);
  }
}
