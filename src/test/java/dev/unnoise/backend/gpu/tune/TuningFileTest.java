package dev.unnoise.backend.gpu.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.GpuInfo;
import dev.unnoise.backend.gpu.node.Candidates;
import dev.unnoise.backend.gpu.node.ProductTemplate;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.kernels.Dialect;
import dev.unnoise.graph.run.BackendException;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TuningFileTest {
  private static final List<ProductTemplate> TEMPLATES = Candidates.all(Traits.CARD);
  private static final int WRITES = 40;

  @TempDir private Path folder;

  private TuningFile file() {
    return new TuningFile(folder.resolve("opencl").resolve("device.txt"), TEMPLATES);
  }

  @Test
  void remembers() {
    file().put("a", TEMPLATES.get(1));
    file().put("b", TEMPLATES.get(2));
    file().put("a", TEMPLATES.get(3));
    assertEquals(Map.of("a", TEMPLATES.get(3), "b", TEMPLATES.get(2)), file().read());
  }

  @Test
  void isEmptyBeforeAnythingWasFound() {
    assertEquals(Map.of(), file().read());
  }

  @Test
  void passesOverGarbage() throws IOException {
    file().put("a", TEMPLATES.get(1));
    byte[] noise = new byte[5000];
    new Random(1).nextBytes(noise);
    Path path = file().path();
    String good = Files.readString(path);
    Files.write(path, noise);
    Files.writeString(path, "\n" + good + "b\nc no-such-template\nd tiled-64x64x16-4x8 more\n", StandardOpenOption.APPEND);
    assertEquals(Map.of("a", TEMPLATES.get(1)), file().read());
    file().put("e", TEMPLATES.get(0));
    assertEquals(Map.of("a", TEMPLATES.get(1), "e", TEMPLATES.get(0)), file().read());
    assertEquals(2, Files.readAllLines(path).size(), "what was garbage is gone");
  }

  @Test
  void devicesOfOneNameAndOtherSizeHaveFilesOfTheirOwn() {
    assertEquals(path("gfx1100", 96), path("gfx1100", 96));
    assertNotEquals(path("gfx1100", 96), path("gfx1100", 84));
    assertNotEquals(path("gfx1100", 96), path("gfx1101", 96));
  }

  private static Path path(String name, int units) {
    GpuInfo info = new GpuInfo(name, "driver", true, units, 1L << 34, 1L << 32, 128, 1 << 16, 1024, 1);
    Gpu gpu =
        (Gpu)
            Proxy.newProxyInstance(
                Gpu.class.getClassLoader(),
                new Class<?>[] {Gpu.class},
                (proxy, method, arguments) -> method.getName().equals("info") ? info : Dialect.OPENCL);
    return TuningFile.of("opencl", gpu, Traits.CARD).path();
  }

  @Test
  void saysWhereNothingCanBeKept() throws IOException {
    Files.writeString(folder.resolve("opencl"), "not a folder");
    BackendException refused = assertThrows(BackendException.class, () -> file().put("a", TEMPLATES.get(0)));
    assertTrue(refused.getMessage().contains("device.txt"), refused.getMessage());
    assertTrue(refused.getMessage().contains("-Dunnoise.cache"), refused.getMessage());
  }

  @Test
  void twoProcessesLoseNothing() throws IOException, InterruptedException {
    List<Process> processes = new ArrayList<>();
    for (String name : List.of("left", "right")) {
      processes.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writer.class.getName(),
                  file().path().toString(),
                  name)
              .redirectErrorStream(true)
              .redirectOutput(Redirect.to(folder.resolve(name + ".log").toFile()))
              .start());
    }
    for (Process process : processes) {
      assertEquals(0, process.waitFor(), () -> logs());
    }
    assertEquals(2 * WRITES, file().read().size());
    try (Stream<Path> left = Files.list(folder.resolve("opencl"))) {
      assertTrue(left.noneMatch(path -> path.toString().endsWith(".part")), "nothing half-written is left");
    }
  }

  private String logs() {
    try {
      return Files.readString(folder.resolve("left.log")) + Files.readString(folder.resolve("right.log"));
    } catch (IOException e) {
      return e.toString();
    }
  }

  /** The program of a writing process. */
  static final class Writer {
    private Writer() {}

    public static void main(String[] arguments) {
      TuningFile file = new TuningFile(Path.of(arguments[0]), TEMPLATES);
      for (int i = 0; i < WRITES; i++) {
        file.put(arguments[1] + i, TEMPLATES.get(i % TEMPLATES.size()));
      }
    }
  }
}
