package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.backend.gpu.network.GpuKernelSources;
import dev.unnoise.graph.run.KernelSources.KernelText;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.model.Architectures;
import dev.unnoise.model.UNet;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.testing.InOtherProcesses;
import dev.unnoise.testing.JavaProcess;
import dev.unnoise.testing.NvidiaLibraries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Kernels as NVIDIA's compiler takes them, for cards from Ampere to Blackwell, compiled without one. */
@InOtherProcesses
class CudaTargetsTest {
  private static final List<Integer> TARGETS = List.of(80, 90, 100, 120);

  @TempDir private Path folder;

  /** Every program for one target, and one of each file for all: options change sizes, not what a target takes. */
  @Test
  void everyKernelCompiles() {
    List<KernelText> texts = texts("ddpm-cifar10-32", Precision.FP32);
    assertTrue(texts.size() > 8, "only " + texts.size() + " programs");
    Collection<KernelText> first = oneOfEachFile(texts).values();
    assertEquals(
        List.of(),
        texts.parallelStream()
            .flatMap(text -> complaints(text, first.contains(text) ? TARGETS : List.of(90)).stream())
            .toList());
  }

  private static Map<String, KernelText> oneOfEachFile(List<KernelText> texts) {
    return texts.stream()
        .collect(Collectors.toMap(text -> text.name().split("-")[0], text -> text, (one, other) -> one));
  }

  /** By the compiler that will do it on a card's machine. */
  @Test
  void theRunTimeCompilerTakesEveryKernel() throws Exception {
    String[] targets = TARGETS.stream().map(target -> "sm_" + target).toArray(String[]::new);
    JavaProcess process = JavaProcess.run(NvrtcProgram.class, NvidiaLibraries.environment(), targets);
    assumeFalse(
        process.said().endsWith("no NVRTC\n"),
        "no NVRTC: mvn -Pcuda-redist, pip install nvidia-cuda-nvrtc, or name its folder by " + NvidiaLibraries.VARIABLE);
    assertEquals(0, process.exit(), process.said());
    assertTrue(process.said().endsWith("done\n"), process.said());
  }

  /** Storage concerns all programs of a file alike, and all targets. */
  @ParameterizedTest
  @EnumSource(names = {"BF16", "FP16"})
  void everyFileCompilesForHalves(Precision precision) {
    Map<String, KernelText> first = oneOfEachFile(texts("adm-64", precision));
    assertTrue(first.size() > 5, "only " + first.keySet());
    assertEquals(List.of(), first.values().parallelStream().flatMap(text -> complaints(text, List.of(90)).stream()).toList());
  }

  private static List<KernelText> texts(String architecture, Precision precision) {
    boolean found = Stream.of(System.getenv("PATH").split(":")).anyMatch(place -> Files.isExecutable(Path.of(place, "nvcc")));
    assumeTrue(found, "nvcc is not on the PATH");
    UNetConfig config = Architectures.byName().get(architecture);
    List<Integer> size = config.sampleSize().orElseThrow();
    return new GpuKernelSources().of(UNet.build(config, size.get(0), size.get(1)), "cuda", precision);
  }

  private List<String> complaints(KernelText text, List<Integer> targets) {
    try {
      Path file = Files.writeString(folder.resolve(text.name() + text.ending()), text.source());
      List<String> line = new ArrayList<>(List.of("nvcc", "-w", "-fatbin", "-std=c++17", "-o", file + ".fatbin"));
      targets.forEach(target -> line.addAll(List.of("-gencode", "arch=compute_" + target + ",code=sm_" + target)));
      line.addAll(List.of(text.options().split(" ")));
      line.add(file.toString());
      Path log = folder.resolve(text.name() + ".log");
      Process process = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile()).start();
      return process.waitFor() == 0 ? List.of() : List.of(text.name() + ": " + Files.readString(log));
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(text.name(), e);
    }
  }
}
