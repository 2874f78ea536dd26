package dev.unnoise.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.backend.gpu.network.GpuDevice;
import dev.unnoise.backend.gpu.node.Candidates;
import dev.unnoise.backend.gpu.node.Choices;
import dev.unnoise.backend.gpu.node.KernelChoice;
import dev.unnoise.backend.gpu.node.KernelTemplate;
import dev.unnoise.backend.gpu.node.MatrixUnit;
import dev.unnoise.backend.gpu.node.ProductGeometry;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.backend.kernels.KernelSource;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Product;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.pass.StoreAs;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.model.Architectures;
import dev.unnoise.model.UNet;
import dev.unnoise.testing.InOtherProcesses;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Kernels as cards of AMD get them, compiled without one: none may spill registers to memory. */
@InOtherProcesses
class AmdTargetsTest {
  private static final Path COMPILER = Path.of("/usr/bin/clang-19");
  private static final Path LIBRARY = Path.of("/usr/lib/clc/amdgcn--amdhsa.bc");
  private static final Pattern USE =
      Pattern.compile("remark: +(Function Name|VGPRs|ScratchSize \\[bytes/lane\\]|LDS Size \\[bytes/block\\]): (\\S+)");

  @TempDir private Path folder;

  private record Resources(String program, String kernel, int registers, int scratch, int local) {}

  /** Programs of every architecture of the benchmarks, in a precision. */
  private static Set<KernelSource> sources(Precision precision) {
    Set<KernelSource> all = new LinkedHashSet<>();
    for (Network network : networks(precision)) {
      all.addAll(KernelChoice.all(network, Choices.untuned(Traits.CARD)));
    }
    return all;
  }

  /** Programs that the tuner may choose in their place on a target. */
  private static Set<KernelSource> candidates(Precision precision, String target) {
    Traits traits = Traits.CARD.with(MatrixUnit.of(target));
    Set<KernelSource> all = new LinkedHashSet<>();
    for (Network network : networks(precision)) {
      network.denoiser().nodes().stream()
          .filter(Product.class::isInstance)
          .map(node -> ProductGeometry.of((Product) node))
          .forEach(
              geometry ->
                  Candidates.of(geometry, traits).stream()
                      .map(KernelTemplate.class::cast)
                      .forEach(template -> all.add(KernelChoice.product(geometry, template, traits))));
    }
    return all;
  }

  private static List<Network> networks(Precision precision) {
    return Architectures.byName().values().stream()
        .map(
            config -> {
              List<Integer> size = config.sampleSize().orElseThrow();
              Network network = UNet.build(config, size.get(0), size.get(1));
              return new StoreAs(precision.storage()).apply(Pass.applyAll(network, GpuDevice.PASSES));
            })
        .toList();
  }

  @ParameterizedTest
  @CsvSource({"gfx90a, FP32", "gfx942, FP16", "gfx1100, FP32"})
  void nothingSpills(String target, Precision precision) throws Exception {
    assumeTrue(Files.isExecutable(COMPILER) && Files.exists(LIBRARY), "clang-19 and libclc-19 are not installed");
    List<Resources> table = compile(sources(precision), target);
    assertTrue(table.size() > 15, "only " + table.size() + " kernels were seen");
    write("opencl-" + target + "-" + precision.label(), table);
    List<Resources> spilled = table.stream().filter(kernel -> kernel.scratch() > 0).toList();
    assertEquals(List.of(), spilled);
    int local = table.stream().mapToInt(Resources::local).max().orElseThrow();
    assertEquals(Traits.CARD.localBytes(), local, "bytes of local memory that a device is asked for");
    assertTrue(local <= 32 << 10, "more than 32 KiB of local memory");
  }

  /** Matrix cores have kernels of their own, in every precision that they multiply. */
  @ParameterizedTest
  @CsvSource({"gfx90a, FP32", "gfx942, FP16", "gfx1100, BF16"})
  void candidatesCompile(String target, Precision precision) throws Exception {
    assumeTrue(Files.isExecutable(COMPILER) && Files.exists(LIBRARY), "clang-19 and libclc-19 are not installed");
    // One geometry stands for all: the others differ in how pixels are found.
    Set<KernelSource> plain =
        candidates(precision, target).stream()
            .filter(source -> source.options().get("KERNEL_SIZE") == 3)
            .filter(source -> source.options().get("STRIDE") == 1 && source.options().get("UPSAMPLED") == 0)
            .filter(source -> source.options().get("OUTPUT_STORAGE").equals(source.options().get("STORAGE")))
            .collect(Collectors.toSet());
    List<Resources> table = compile(plain, target);
    write("opencl-candidates-" + target + "-" + precision.label(), table);
    assertTrue(table.stream().anyMatch(kernel -> kernel.program().startsWith("convolution_amd")), "no matrix cores");
    assertEquals(List.of(), table.stream().filter(kernel -> kernel.scratch() > 0).toList());
  }

  private List<Resources> compile(Set<KernelSource> sources, String target) {
    return sources.parallelStream()
        .flatMap(
            source -> {
              try {
                return compile(source, target).stream();
              } catch (IOException | InterruptedException e) {
                throw new IllegalStateException(source.name(), e);
              }
            })
        .sorted(Comparator.comparing(Resources::program))
        .toList();
  }

  private List<Resources> compile(KernelSource source, String target) throws IOException, InterruptedException {
    Path file = folder.resolve(source.name() + ".cl");
    Files.writeString(file, source.text(Dialect.OPENCL));
    List<String> line =
        new ArrayList<>(
            List.of(
                COMPILER.toString(), "-x", "cl", "-cl-std=CL1.2", "-O3", "-target", "amdgcn-amd-amdhsa",
                "-mcpu=" + target, "-nogpulib", "-Xclang", "-mlink-builtin-bitcode", "-Xclang", LIBRARY.toString()));
    line.addAll(List.of(source.definitions().split(" ")));
    line.addAll(
        List.of("-Rpass-analysis=kernel-resource-usage", "-c", file.toString(), "-o", folder.resolve(source.name() + ".o").toString()));
    Path log = folder.resolve(source.name() + ".log");
    Process process = new ProcessBuilder(line).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    int status = process.waitFor();
    String text = Files.readString(log, StandardCharsets.UTF_8);
    assertEquals(0, status, text);
    List<Resources> kernels = new ArrayList<>();
    Matcher use = USE.matcher(text);
    String name = null;
    int registers = 0;
    int scratch = 0;
    while (use.find()) {
      switch (use.group(1)) {
        case "Function Name" -> name = use.group(2);
        case "VGPRs" -> registers = Integer.parseInt(use.group(2));
        case "ScratchSize [bytes/lane]" -> scratch = Integer.parseInt(use.group(2));
        default ->
            kernels.add(new Resources(source.name(), name, registers, scratch, Integer.parseInt(use.group(2))));
      }
    }
    assertTrue(!kernels.isEmpty(), "the compiler reported nothing about " + source.name());
    return kernels;
  }

  /** The table that bench/results keeps, beside the test's reports. */
  private static void write(String name, List<Resources> table) throws IOException {
    StringBuilder text = new StringBuilder("| program | kernel | VGPRs | scratch | local memory |\n|---|---|---|---|---|\n");
    for (Resources kernel : table) {
      text.append("| " + kernel.program() + " | " + kernel.kernel() + " | " + kernel.registers() + " | "
          + kernel.scratch() + " | " + kernel.local() + " |\n");
    }
    Files.writeString(Path.of("target", name + ".md"), text);
  }
}
