package dev.unnoise.backend.cpu.onednn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed bindings are what jextract makes of the headers that come with the library. */
class BindingsTest {
  private static final String HEADERS = "org/bytedeco/dnnl/linux-x86_64/include/";
  private static final Path COMMITTED = Path.of("src/generated/java/dev/unnoise/backend/cpu/bindings");

  @TempDir private Path folder;

  @Test
  void generatingThemAgainGivesTheSameBytes() throws Exception {
    boolean found =
        Stream.of(System.getenv("PATH").split(":")).anyMatch(place -> Files.isExecutable(Path.of(place, "jextract")));
    assumeTrue(found, "jextract is not on the PATH");
    Path headers = Files.createDirectory(folder.resolve("include"));
    unpackHeaders(headers);
    Path generated = Files.createDirectory(folder.resolve("generated"));
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder("native/generate", "onednn", headers.toString(), generated.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertTrue(process.waitFor(2, TimeUnit.MINUTES), "native/generate did not end");
    assertEquals(0, process.exitValue(), Files.readString(log));
    assertEquals(sources(COMMITTED), sources(generated.resolve("dev/unnoise/backend/cpu/bindings")));
  }

  private static void unpackHeaders(Path target) throws IOException {
    Path jar =
        Stream.of(System.getProperty("java.class.path").split(":"))
            .map(Path::of)
            .filter(path -> path.getFileName().toString().matches("dnnl-.*-linux-x86_64\\.jar"))
            .findFirst()
            .orElseThrow();
    try (JarFile open = new JarFile(jar.toFile())) {
      List<JarEntry> entries =
          open.stream().filter(entry -> entry.getName().startsWith(HEADERS) && !entry.isDirectory()).toList();
      for (JarEntry entry : entries) {
        Path file = target.resolve(entry.getName().substring(HEADERS.length()));
        Files.createDirectories(file.getParent());
        try (InputStream content = open.getInputStream(entry)) {
          Files.copy(content, file);
        }
      }
    }
  }

  private static Map<String, String> sources(Path folder) throws IOException {
    Map<String, String> sources = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(
          file -> {
            try {
              sources.put(file.getFileName().toString(), Files.readString(file));
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
    return sources;
  }
}
