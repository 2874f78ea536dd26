package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.testing.InOtherProcesses;
import dev.unnoise.testing.JavaProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Libraries that the loader finds by their names alone, and what has to be opened beside them. */
@InOtherProcesses
class LoadersPathTest {
  private static final List<String> WITHOUT_PARTS =
      List.of("libunnoise_stub.so", "libcuda.so.1", "libnvrtc.so.13", "libcudnn.so.9", "libcublasLt.so.13");

  private static final List<String> PARTS = List.of("libnvrtc-builtins.so.13.0", "libcudnn_graph.so.9");

  @TempDir private Path folder;

  /** What is said where a folder is on the loader's path, and nothing else is named. */
  private static List<String> said(Path libraries) throws IOException, InterruptedException {
    return said(libraries, Map.of());
  }

  private static List<String> said(Path libraries, Map<String, String> more) throws IOException, InterruptedException {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("LD_LIBRARY_PATH", libraries.toString());
    List.of("CUDA_PATH", "CUDA_HOME", "CUDNN_PATH").forEach(name -> environment.put(name, ""));
    JavaProcess process = JavaProcess.run(LoadersPathProgram.class, environment);
    assertEquals(0, process.exit(), process.said());
    return process.said().lines().toList();
  }

  private static void copy(List<String> names, Path to) throws IOException, InterruptedException {
    for (String name : names) {
      Files.copy(CudaStubs.folder().resolve(name), to.resolve(name));
    }
  }

  private static void requireFound(List<String> said, String library, Path file) {
    String found = "tried " + library + ", loader's path: " + file + ": found, version ";
    assertTrue(said.stream().anyMatch(line -> line.matches("\\Q" + found + "\\E[0-9.]+")), String.join("\n", said));
  }

  @Test
  void partsAreOpenedFromBesideTheLibrary() throws Exception {
    Path stubs = CudaStubs.folder();
    List<String> said = said(stubs);
    requireFound(said, "NVRTC", stubs.resolve("libnvrtc.so.13"));
    requireFound(said, "cuDNN", stubs.resolve("libcudnn.so.9"));
    for (String part : PARTS) {
      assertTrue(said.contains("open " + stubs.resolve(part)), String.join("\n", said));
    }
  }

  @Test
  void partsMayBeWhereLinksLead() throws Exception {
    Path whole = Files.createDirectory(folder.resolve("whole"));
    Path links = Files.createDirectory(folder.resolve("links"));
    copy(WITHOUT_PARTS, whole);
    copy(PARTS, whole);
    for (String name : WITHOUT_PARTS) {
      Files.createSymbolicLink(links.resolve(name), whole.resolve(name));
    }
    List<String> said = said(links);
    requireFound(said, "NVRTC", links.resolve("libnvrtc.so.13"));
    requireFound(said, "cuDNN", links.resolve("libcudnn.so.9"));
    for (String part : PARTS) {
      assertTrue(said.contains("open " + whole.resolve(part)), String.join("\n", said));
    }
  }

  @Test
  void whatLacksItsPartsIsSaidTo() throws Exception {
    copy(WITHOUT_PARTS, folder);
    List<String> said = said(folder);
    String nvrtc = "tried NVRTC, loader's path: " + folder + "/libnvrtc.so.13: found, version ";
    String doubt = ", but its part libnvrtc-builtins.so.13.* is not beside it";
    assertTrue(
        said.stream().anyMatch(line -> line.startsWith(nvrtc) && line.endsWith(doubt)), String.join("\n", said));
    String cudnn =
        "tried cuDNN, loader's path: libcudnn.so.9: refused: " + folder
            + "/libcudnn.so.9: its part libcudnn_graph.so.9 is not beside it";
    assertTrue(said.contains(cudnn), String.join("\n", said));
    assertFalse(said.contains("open " + folder.resolve("libcudnn.so.9")), "still open");
  }

  @Test
  void whatPackagesHaveAllOfIsTakenFromThereAndTheRestIsClosed() throws Exception {
    Path loaders = Files.createDirectory(folder.resolve("loaders"));
    copy(List.of("libunnoise_stub.so", "libcuda.so.1", "libnvrtc.so.13", "libnvrtc-builtins.so.13.0"), loaders);
    Path cuda = Files.createDirectories(folder.resolve("packages/nvidia/cu13/lib"));
    copy(List.of("libnvrtc.so.13", "libnvrtc-builtins.so.13.0", "libcublasLt.so.13"), cuda);
    Path cudnn = Files.createDirectories(folder.resolve("packages/nvidia/cudnn/lib"));
    copy(List.of("libcudnn.so.9", "libcudnn_graph.so.9"), cudnn);
    Path python = Files.createDirectory(folder.resolve("bin")).resolve("python3");
    Files.writeString(python, "#!/bin/sh\necho '" + folder.resolve("packages") + "'\n");
    assertTrue(python.toFile().setExecutable(true));

    List<String> said = said(loaders, Map.of("PATH", python.getParent() + ":" + System.getenv("PATH")));
    String found = ": found, version ";
    for (String line :
        List.of(
            "tried NVRTC, pip's packages: " + cuda + "/libnvrtc.so.13" + found,
            "tried cuBLASLt, pip's packages: " + cuda + "/libcublasLt.so.13" + found,
            "tried cuDNN, pip's packages: " + cudnn + "/libcudnn.so.9" + found)) {
      assertTrue(said.stream().anyMatch(each -> each.startsWith(line)), String.join("\n", said));
    }
    assertFalse(said.contains("open " + loaders.resolve("libnvrtc.so.13")), "still open");
    assertFalse(said.contains("open " + loaders.resolve("libnvrtc-builtins.so.13.0")), "still open");
  }
}
