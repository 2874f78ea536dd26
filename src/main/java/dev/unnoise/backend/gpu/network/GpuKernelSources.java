package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.node.Choices;
import dev.unnoise.backend.gpu.node.KernelChoice;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.run.KernelSources;
import dev.unnoise.graph.run.Precision;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/** The portable kernels, as they are compiled for cards, for processors, and beside libraries of the vendor's. */
public final class GpuKernelSources implements KernelSources {
  @Override
  public List<String> dialects() {
    return Arrays.stream(Dialect.values()).map(dialect -> dialect.name().toLowerCase(Locale.ROOT)).toList();
  }

  @Override
  public List<KernelText> of(Network network, String dialect, Precision precision) {
    Dialect language = Dialect.valueOf(dialect.toUpperCase(Locale.ROOT));
    Network lowered = GpuDevice.stored(Pass.applyAll(network, GpuDevice.PASSES), precision);
    Set<KernelSource> sources = new LinkedHashSet<>(KernelChoice.all(lowered, Choices.untuned(Traits.CARD)));
    switch (language) {
      case OPENCL -> sources.addAll(KernelChoice.all(lowered, Choices.untuned(Traits.WIDE_PROCESSOR)));
      case CUDA -> sources.addAll(KernelChoice.besideLibraries(lowered, Traits.CARD));
    }
    return sources.stream()
        .map(
            source ->
                new KernelText(
                    source.name(), language.ending(), source.text(language), source.definitions()))
        .toList();
  }
}
