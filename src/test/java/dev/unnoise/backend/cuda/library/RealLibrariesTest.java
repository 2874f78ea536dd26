package dev.unnoise.backend.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.testing.NvidiaLibraries;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * NVIDIA's own libraries, where they are installed: none of these needs a card. The environment may name the folders
 * they are in; else those that pip has installed are taken.
 */
class RealLibrariesTest {
  private static final int ELF = 0x7f454c46;

  @TempDir private Path folder;

  /** Whether there is one to be loaded, leaving out what only the loader knows. */
  private static boolean isInstalled(Library library) {
    Source source =
        NvidiaLibraries.folders().isEmpty()
            ? new PythonSource(PythonPath::ofPython3)
            : new FolderSource(NvidiaLibraries.VARIABLE, NvidiaLibraries.folders(), Layout.ANY);
    return source.candidates(library).anyMatch(Candidate.Loadable.class::isInstance);
  }

  private List<String> run(List<String> options) throws Exception {
    Path java = Path.of(System.getProperty("java.home"), "bin", "java");
    List<String> command = new ArrayList<>(List.of(java.toString(), "--enable-native-access=ALL-UNNAMED"));
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), RealLibraries.class.getName()));
    Path log = folder.resolve("log");
    Process process = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start();
    assertTrue(process.waitFor(2, TimeUnit.MINUTES), "it did not end: " + Files.readString(log));
    assertEquals(0, process.exitValue(), Files.readString(log));
    return Files.readAllLines(log);
  }

  private static String fact(List<String> lines, String name) {
    return lines.stream()
        .filter(line -> line.startsWith(name + " "))
        .map(line -> line.substring(name.length() + 1))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + name + " in " + lines));
  }

  @Test
  void theCompilerMakesCodeForACardAndTheRestLoads() throws Exception {
    assumeTrue(
        isInstalled(Library.NVRTC),
        "no NVRTC: pip install nvidia-cuda-nvrtc nvidia-cublas nvidia-cudnn-cu13, or name folders by " + NvidiaLibraries.VARIABLE);
    String folders = NvidiaLibraries.folders().stream().map(Path::toString).collect(Collectors.joining(File.pathSeparator));
    List<String> lines = run(folders.isEmpty() ? List.of() : List.of("-Dunnoise.cuda.path=" + folders));
    assertTrue(fact(lines, "NVRTC").matches("1[2-9]\\.\\d+"), lines.toString());
    assertEquals(fact(lines, "NVRTC"), fact(lines, "bound"), "the bindings call another library");
    assertEquals("true", fact(lines, "builtins"));
    assertEquals(ELF, Integer.parseInt(fact(lines, "cubin")));
    for (Library library : Stream.of(Library.CUBLASLT, Library.CUDNN).filter(RealLibrariesTest::isInstalled).toList()) {
      assertTrue(fact(lines, library.name()).matches("\\d+\\.\\d+"), lines.toString());
    }
  }
}
