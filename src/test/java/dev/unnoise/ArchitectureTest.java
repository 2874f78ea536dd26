package dev.unnoise;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Packages import only downwards, and nothing above knows the backends. */
class ArchitectureTest {
  private static final Path SOURCES = Path.of("src/main/java/dev/unnoise");
  private static final Pattern IMPORT = Pattern.compile("^import (?:static )?dev\\.unnoise\\.([a-z.]+)\\.[A-Z]", Pattern.MULTILINE);

  /** What the classes of a package may import; longer names win. */
  private static final Map<String, Set<String>> ALLOWED =
      Map.ofEntries(
          Map.entry("graph", Set.of()),
          Map.entry("graph.pass", Set.of("graph")),
          Map.entry("graph.plan", Set.of("graph")),
          Map.entry("graph.run", Set.of("graph", "graph.plan")),
          Map.entry("diffusion", Set.of("graph", "graph.run")),
          Map.entry("image", Set.of("graph", "graph.run")),
          Map.entry("model", Set.of("graph", "diffusion")),
          Map.entry("sampling", Set.of("graph", "graph.run", "diffusion", "model", "image")),
          Map.entry("cli", Set.of("graph", "graph.run", "graph.plan", "diffusion", "model", "image", "sampling")),
          Map.entry("backend.host", Set.of("graph", "graph.run")),
          Map.entry("backend.reference", Set.of("graph", "graph.plan", "graph.run", "backend.host")),
          Map.entry("backend.kernels", Set.of()),
          Map.entry("backend.gpu", Set.of("graph.run", "backend.kernels")),
          Map.entry("backend.gpu.node", Set.of("graph", "graph.plan", "graph.run", "backend.kernels", "backend.gpu")),
          Map.entry(
              "backend.gpu.tune", Set.of("graph", "graph.run", "backend.kernels", "backend.gpu", "backend.gpu.node")),
          Map.entry(
              "backend.gpu.network",
              Set.of(
                  "graph",
                  "graph.pass",
                  "graph.plan",
                  "graph.run",
                  "backend.kernels",
                  "backend.gpu",
                  "backend.gpu.node",
                  "backend.gpu.tune")),
          Map.entry("backend.opencl.cl", Set.of("graph.run", "backend.kernels", "backend.gpu")),
          Map.entry(
              "backend.opencl",
              Set.of("graph.run", "backend.gpu", "backend.gpu.node", "backend.gpu.tune", "backend.gpu.network", "backend.opencl.cl")),
          Map.entry("backend.natives", Set.of("graph.run")),
          Map.entry(
              "backend.cuda.library",
              Set.of(
                  "graph.run",
                  "backend.natives",
                  "backend.cuda.bindings.driver",
                  "backend.cuda.bindings.nvrtc",
                  "backend.cuda.bindings.cublaslt",
                  "backend.cuda.bindings.cudnn")),
          Map.entry(
              "backend.cuda.api",
              Set.of(
                  "graph.run",
                  "backend.kernels",
                  "backend.gpu",
                  "backend.cuda.bindings.driver",
                  "backend.cuda.bindings.nvrtc")),
          Map.entry(
              "backend.cuda.cudnn",
              Set.of(
                  "graph",
                  "graph.run",
                  "backend.gpu",
                  "backend.gpu.node",
                  "backend.cuda.api",
                  "backend.cuda.bindings.cudnn")),
          Map.entry(
              "backend.cuda.cublaslt",
              Set.of(
                  "graph",
                  "graph.run",
                  "backend.gpu",
                  "backend.gpu.node",
                  "backend.cuda.api",
                  "backend.cuda.bindings.cublaslt")),
          Map.entry(
              "backend.cuda",
              Set.of(
                  "graph.pass",
                  "graph.run",
                  "backend.gpu",
                  "backend.gpu.network",
                  "backend.gpu.node",
                  "backend.cuda.api",
                  "backend.cuda.cublaslt",
                  "backend.cuda.cudnn",
                  "backend.cuda.library")),
          Map.entry("backend.cpu.onednn", Set.of("graph.run", "backend.natives", "backend.cpu.bindings")),
          Map.entry("backend.cpu.kernel", Set.of("graph", "backend.kernels", "backend.cpu.onednn")),
          Map.entry(
              "backend.cpu",
              Set.of(
                  "graph",
                  "graph.pass",
                  "graph.plan",
                  "graph.run",
                  "backend.host",
                  "backend.cpu.kernel",
                  "backend.cpu.onednn")));

  @Test
  void packagesImportOnlyDownwards() throws IOException {
    List<String> offences = new ArrayList<>();
    int imports = 0;
    for (Path file : sources()) {
      String from = SOURCES.relativize(file.getParent()).toString().replace('/', '.');
      assertTrue(ALLOWED.containsKey(from), "package " + from + " has no place in the layers");
      Matcher matcher = IMPORT.matcher(Files.readString(file));
      while (matcher.find()) {
        imports++;
        String to = matcher.group(1);
        if (!to.equals(from) && !ALLOWED.get(from).contains(to)) {
          offences.add(file.getFileName() + " imports from " + to);
        }
      }
    }
    assertTrue(imports > 300, "only " + imports + " imports were seen");
    assertEquals(List.of(), offences);
  }

  @Test
  void filesStaySmall() throws IOException {
    for (Path file : sources()) {
      try (Stream<String> lines = Files.lines(file)) {
        long count = lines.count();
        assertTrue(count <= 400, file + " has " + count + " lines");
      }
    }
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> files = Files.walk(SOURCES)) {
      return files.filter(file -> file.toString().endsWith(".java")).sorted().toList();
    }
  }
}
