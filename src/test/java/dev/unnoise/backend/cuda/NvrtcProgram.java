package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.cuda.api.Nvrtc;
import dev.unnoise.backend.cuda.library.CudaLibraries;
import dev.unnoise.backend.cuda.library.Library;
import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.Choices;
import dev.unnoise.backend.gpu.node.KernelChoice;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.model.Architectures;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.model.UNet;
import dev.unnoise.model.UNetConfig;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/** What {@link CudaTargetsTest} runs in a process of its own: kernels by the run-time compiler, which takes no card. */
final class NvrtcProgram {
  private static final int ELF = 0x7f454c46;

  private NvrtcProgram() {}

  /** Takes targets, for example {@code sm_90}. */
  public static void main(String[] targets) {
    if (!CudaLibraries.ofThisProcess().isLoaded(Library.NVRTC)) {
      System.out.println("no NVRTC");
      return;
    }
    Set<KernelSource> all = new LinkedHashSet<>(sources("ddpm-cifar10-32", Precision.FP32));
    // Storage concerns all programs of a file alike.
    for (Precision precision : List.of(Precision.BF16, Precision.FP16)) {
      all.addAll(
          sources("adm-64", precision).stream()
              .collect(Collectors.toMap(KernelSource::file, source -> source, (one, other) -> one))
              .values());
    }
    assertTrue(all.size() > 20, "only " + all.size() + " programs");
    for (String target : targets) {
      for (KernelSource source : all) {
        byte[] cubin = Nvrtc.compile(source, target);
        int magic = cubin[0] << 24 | cubin[1] << 16 | cubin[2] << 8 | cubin[3];
        assertTrue(magic == ELF, source.name() + " for " + target + " is no cubin");
      }
    }
    System.out.println("done");
  }

  private static Set<KernelSource> sources(String architecture, Precision precision) {
    UNetConfig config = Architectures.byName().get(architecture);
    List<Integer> size = config.sampleSize().orElseThrow();
    Network network = UNet.build(config, size.get(0), size.get(1));
    Network lowered = GpuDevice.stored(Pass.applyAll(network, GpuDevice.PASSES), precision);
    Set<KernelSource> all = new LinkedHashSet<>(KernelChoice.all(lowered, Choices.untuned(Traits.CARD)));
    all.addAll(KernelChoice.besideLibraries(lowered, Traits.CARD));
    return all;
  }
}
