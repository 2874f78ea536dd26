package dev.unnoise.backend.gpu.node;

import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.Activate;
import dev.unnoise.graph.Add;
import dev.unnoise.graph.AddConditioning;
import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.AveragePool;
import dev.unnoise.graph.Concatenate;
import dev.unnoise.graph.DataType;
import dev.unnoise.graph.Divide;
import dev.unnoise.graph.FourierEmbedding;
import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Lookup;
import dev.unnoise.graph.Modulate;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Upsample;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Which programs compute a node on a kind of device. */
public final class KernelChoice {
  /** Work-items that search for a quantile together. */
  public static final int QUANTILE_ITEMS = 64;

  private KernelChoice() {}

  /** Every program that a network needs, those of the sampling loop included. */
  public static Set<KernelSource> all(Network lowered, Choices choices) {
    Set<KernelSource> all = new LinkedHashSet<>();
    Stream.of(lowered.conditioning(), lowered.denoiser())
        .flatMap(graph -> graph.nodes().stream())
        .filter(node -> !(node instanceof Product product && choices.product(product) instanceof LibraryProduct))
        .forEach(node -> all.add(of(node, choices)));
    all.add(sampling(lowered, choices.traits()));
    all.add(noising(choices.traits()));
    return all;
  }

  /** Every program that a network may need where libraries compute its products and its attention. */
  public static Set<KernelSource> besideLibraries(Network lowered, Traits traits) {
    Set<KernelSource> all = new LinkedHashSet<>();
    for (Node node : lowered.denoiser().nodes()) {
      if (node instanceof Product product) {
        all.add(epilogue(ProductGeometry.of(product), traits));
      } else if (node instanceof Attention attention) {
        all.add(softmax(attention.output().type(), traits));
      }
    }
    return all;
  }

  static KernelSource of(Node node, Choices choices) {
    Traits traits = choices.traits();
    DataType type = node.output().type();
    return switch (node) {
      case Product n ->
          switch (choices.product(n)) {
            case KernelTemplate template -> product(ProductGeometry.of(n), template, traits);
            case LibraryProduct library ->
                throw new IllegalArgumentException(n.name() + " is computed by " + library.key() + ", not by a kernel");
          };
      case GroupNorm n -> groupNorm(n, traits);
      case Attention n -> attention(AttentionGeometry.of(n), traits);
      case SinusoidalEmbedding n -> source("embedding", Map.of(), type, traits);
      case FourierEmbedding n -> source("embedding", Map.of(), type, traits);
      case Lookup n -> source("embedding", Map.of(), type, traits);
      case Activate n -> pointwise(type, traits);
      case Add n -> pointwise(type, traits);
      case AddConditioning n -> pointwise(type, traits);
      case Affine n -> pointwise(type, traits);
      case AveragePool n -> pointwise(type, traits);
      case Concatenate n -> pointwise(type, traits);
      case Divide n -> pointwise(type, traits);
      case Modulate n -> pointwise(type, traits);
      case Upsample n -> pointwise(type, traits);
    };
  }

  /** The kernels of the sampling loop, for a network that is read and written as this one is. */
  public static KernelSource sampling(Network lowered, Traits traits) {
    Map<String, Integer> options = new TreeMap<>();
    options.put("QUANTILE_ITEMS", QUANTILE_ITEMS);
    options.put("OUTPUT_STORAGE", storage(lowered.denoiser().output().type()));
    return source("sampling", options, lowered.denoiser().input(Network.SAMPLE).type(), traits);
  }

  /** What follows a product that a library computes. */
  static KernelSource epilogue(ProductGeometry geometry, Traits traits) {
    Map<String, Integer> options = new TreeMap<>();
    options.put("OUTPUT_STORAGE", storage(geometry.outputType()));
    return source("epilogue", options, geometry.type(), traits);
  }

  /** What lies between the products of an attention that a library computes. */
  static KernelSource softmax(DataType type, Traits traits) {
    return source("softmax", Map.of("ITEMS", traits.normItems()), type, traits);
  }

  /** The forward process. */
  public static KernelSource noising(Traits traits) {
    return source("noising", Map.of(), DataType.F32, traits);
  }

  /** Convolutions and linear layers by a template. */
  public static KernelSource product(ProductGeometry geometry, KernelTemplate template, Traits traits) {
    Map<String, Integer> options = new TreeMap<>(template.options(geometry));
    options.put("OUTPUT_STORAGE", storage(geometry.outputType()));
    return source(template.file(), options, geometry.type(), traits);
  }

  /** Attention by our kernel. */
  static KernelSource attention(AttentionGeometry geometry, Traits traits) {
    AttentionTemplate template = traits.attention();
    return source(template.file(), template.options(geometry.headDim()), geometry.type(), traits);
  }

  private static KernelSource groupNorm(GroupNorm node, Traits traits) {
    DataType type = node.output().type();
    return GroupRun.of(node, traits)
        .map(
            run ->
                source(
                    "group_norm_whole", Map.of("ITEMS", traits.normItems(), "VECTORS", run.vectors()), type, traits))
        .orElseGet(() -> source("group_norm", Map.of(), type, traits));
  }

  private static KernelSource pointwise(DataType type, Traits traits) {
    return source("pointwise", Map.of(), type, traits);
  }

  private static KernelSource source(String file, Map<String, Integer> options, DataType type, Traits traits) {
    Map<String, Integer> all = new TreeMap<>(options);
    all.put("VW", traits.vectorWidth());
    all.put("STORAGE", storage(type));
    return new KernelSource(file, all);
  }

  /** The kernels' number of a type. */
  private static int storage(DataType type) {
    return switch (type) {
      case F32 -> 0;
      case F16 -> 1;
      case BF16 -> 2;
    };
  }
}
