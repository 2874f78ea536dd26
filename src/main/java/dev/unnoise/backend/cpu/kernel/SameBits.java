package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.graph.Attention;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Chooses, node by node, whether a recipe made for several threads may take the place of the one made for one thread.
 * It may if it computes the same bits: for wide layers oneDNN cuts sums in pieces by the number of threads, and an
 * image would depend on how many others are sampled with it. The choice is made by trying on random numbers, once for
 * each geometry.
 */
final class SameBits {
  private final OneDnn oneDnn;
  private final int threads;
  private final Map<Object, Boolean> known = new HashMap<>();

  SameBits(OneDnn oneDnn, int threads) {
    this.oneDnn = oneDnn;
    this.threads = threads;
  }

  /**
   * Chooses; to be called on a thread that uses {@link #threads} OpenMP threads.
   *
   * @param alone made for one thread
   * @param together made for several threads
   */
  Recipe choose(Node node, Recipe alone, Recipe together) {
    boolean same = known.computeIfAbsent(geometry(node), key -> agree(node, alone, together));
    return same ? together : new OnOneThread(alone, threads);
  }

  private boolean agree(Node node, Recipe alone, Recipe together) {
    try (ProbeSite site = new ProbeSite(oneDnn, alone, together)) {
      Kernel first = new OnOneThread(alone, threads).bind(site);
      Kernel second = together.bind(site);
      first.run(1);
      byte[] expected = site.bytes(node.output());
      second.run(1);
      return Arrays.equals(expected, site.bytes(node.output()));
    }
  }

  private static Object geometry(Node node) {
    Object particular =
        switch (node) {
          case Convolution convolution -> convolution.window();
          case Attention attention -> attention.heads();
          default -> "";
        };
    return List.of(
        node.kind(),
        node.inputs().stream().map(SameBits::extent).toList(),
        extent(node.output()),
        node.parameters().stream().map(Parameter::shape).toList(),
        particular);
  }

  private static Object extent(Tensor tensor) {
    return List.of(tensor.shape(), tensor.channelStride());
  }

  /** A recipe made for one thread, run by a thread that otherwise uses several. */
  private record OnOneThread(Recipe recipe, int threads) implements Recipe {
    @Override
    public Kernel bind(Site site) {
      Kernel kernel = recipe.bind(site);
      return images -> {
        OneDnn.useThreads(1);
        kernel.run(images);
        OneDnn.useThreads(threads);
      };
    }

    @Override
    public long scratchpadBytes() {
      return recipe.scratchpadBytes();
    }

    @Override
    public long workspaceBytes(int slots) {
      return recipe.workspaceBytes(slots);
    }

    @Override
    public Optional<String> implementation() {
      return recipe.implementation();
    }

    @Override
    public int launches() {
      return recipe.launches();
    }
  }
}
