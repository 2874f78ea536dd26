package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.BackendException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** What {@link CudaBackendTest} runs in a process of its own: what was compiled for other cards, or is damaged. */
final class CudaCompilerProgram {
  private final StubWork work;
  private final StubControl control;
  private final Path compiled;

  private CudaCompilerProgram(StubWork work, Path cache) {
    this.work = work;
    this.control = work.control;
    this.compiled = cache.resolve("cuda");
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) throws Exception {
    CudaCompilerProgram program = new CudaCompilerProgram(new StubWork(arguments), Path.of(arguments[1]));
    switch (arguments[2]) {
      case "cards" -> program.cards();
      case "damaged code" -> program.damagedCode();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  /** Cards that NVRTC has forgotten or does not know yet want different ones. */
  private void cards() {
    requireAdvice(3, "an older NVRTC is needed", "pip install nvidia-cuda-nvrtc-cu12, ");
    requireAdvice(99, "a newer NVRTC is needed", "pip install --upgrade nvidia-cuda-nvrtc, ");
  }

  private void requireAdvice(long computeMajor, String what, String remedy) {
    assertInstanceOf(Availability.Ready.class, new CudaBackend().availability());
    control.set("computeMajor", computeMajor);
    Availability.Missing missing = assertInstanceOf(Availability.Missing.class, new CudaBackend().availability());
    assertTrue(missing.what().endsWith(what), missing.what());
    assertTrue(missing.remedy().startsWith(remedy), missing.remedy());
    BackendException told = assertThrows(BackendException.class, () -> new CudaBackend().open(0));
    assertEquals(missing.what() + "; " + missing.remedy(), told.getMessage());
    control.reset();
  }

  /** Files that are what was written, but that the driver does not take: as if another one had written them. */
  private void damagedCode() throws IOException, NoSuchAlgorithmException {
    Network network = StubWork.tiny();
    float[] expected = work.liveUndisturbed(network, "compiling");
    Map<Path, byte[]> good = files();
    assertTrue(good.size() > 3, good.keySet().toString());
    byte[] code = "code of another time".getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream kept = new ByteArrayOutputStream();
    kept.writeBytes(MessageDigest.getInstance("SHA-256").digest(code));
    kept.writeBytes(code);
    for (Path file : good.keySet()) {
      Files.write(file, kept.toByteArray());
    }
    control.reset();
    assertArrayEquals(expected, work.live(network));
    assertEquals(good.size(), control.seen("nvrtcCompileProgram"), "each is compiled anew, once");
    List<String> refusals = control.violations();
    assertEquals(good.size(), refusals.size());
    refusals.forEach(one -> assertTrue(one.startsWith("cuModuleLoadData: the image is none"), one));
    Map<Path, byte[]> mended = files();
    assertEquals(good.keySet(), mended.keySet());
    assertArrayEquals(expected, work.liveUndisturbed(network, "after mending"));
    control.reset();
    work.live(network);
    assertEquals(0, control.seen("nvrtcCompileProgram"), "nothing is left to be compiled");
    work.requireNothingLeft("with all compiled");
  }

  private Map<Path, byte[]> files() throws IOException {
    Map<Path, byte[]> files = new TreeMap<>();
    try (Stream<Path> all = Files.list(compiled)) {
      for (Path file : all.toList()) {
        files.put(file, Files.readAllBytes(file));
      }
    }
    return files;
  }
}
