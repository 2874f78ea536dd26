package dev.unnoise.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unnoise.testing.InOtherProcesses;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The committed bindings are what jextract makes of the libraries' own headers. */
@InOtherProcesses
class BindingsTest {
  private static final String HEADERS = "org/bytedeco/dnnl/linux-x86_64/include/";
  private static final Path COMMITTED = Path.of("src/generated/java/dev/unnoise/backend");

  @TempDir private Path folder;

  /**
   * Headers of the vendor, where a machine may have them.
   *
   * @param library as native/generate calls it
   * @param header that is looked for
   * @param versioned the file whose line {@code version} is the release that the bindings were made from
   */
  private record Vendor(String library, String header, String versioned, String version) {}

  private static final List<Vendor> VENDORS =
      List.of(
          new Vendor("driver", "cuda.h", "cuda.h", "#define CUDA_VERSION 13000"),
          new Vendor("nvrtc", "nvrtc.h", "cuda.h", "#define CUDA_VERSION 13000"),
          new Vendor("cudnn", "cudnn_graph.h", "cudnn_version.h", "#define CUDNN_MINOR 24"),
          new Vendor("cublaslt", "cublasLt.h", "cublas_api.h", "#define CUBLAS_VER_MINOR 1"));

  static List<Vendor> vendors() {
    return VENDORS;
  }

  @Test
  void oneDnnsAreWhatItsArtifactGives() throws Exception {
    requireJextract();
    Path headers = Files.createDirectory(folder.resolve("include"));
    unpackHeaders(headers);
    assertEquals(sources(COMMITTED.resolve("cpu/bindings")), generate("onednn", headers.toString()).get("cpu/bindings"));
  }

  @ParameterizedTest
  @MethodSource("vendors")
  void nvidiasAreWhatItsHeadersGive(Vendor vendor) throws Exception {
    requireJextract();
    List<Path> folders = headerFolders();
    Optional<Path> found = folders.stream().filter(place -> Files.exists(place.resolve(vendor.header()))).findFirst();
    assumeTrue(found.isPresent(), vendor.header() + " is in none of " + folders);
    Path release =
        Stream.concat(found.stream(), folders.stream())
            .map(place -> place.resolve(vendor.versioned()))
            .filter(Files::exists)
            .findFirst()
            .orElseThrow();
    boolean same = Files.readAllLines(release).contains(vendor.version());
    assumeTrue(same, release + " is of another release than the one with " + vendor.version());
    String include =
        Stream.concat(found.stream(), folders.stream()).distinct().map(Path::toString).collect(Collectors.joining(":"));
    String bindings = "cuda/bindings/" + vendor.library();
    assertEquals(sources(COMMITTED.resolve(bindings)), generate(vendor.library(), include).get(bindings));
  }

  private static void requireJextract() {
    boolean found =
        Stream.of(System.getenv("PATH").split(":")).anyMatch(place -> Files.isExecutable(Path.of(place, "jextract")));
    assumeTrue(found, "jextract is not on the PATH");
  }

  /** What CPATH names, then the toolkit's own folders. */
  private static List<Path> headerFolders() throws IOException {
    List<Path> folders = new ArrayList<>();
    for (String variable : List.of("CPATH", "CUDA_HOME", "CUDA_PATH", "CUDNN_PATH")) {
      for (String place : Optional.ofNullable(System.getenv(variable)).orElse("").split(":")) {
        if (!place.isBlank()) {
          folders.add(variable.equals("CPATH") ? Path.of(place) : Path.of(place, "include"));
        }
      }
    }
    Path local = Path.of("/usr/local");
    if (Files.isDirectory(local)) {
      try (Stream<Path> places = Files.list(local)) {
        places
            .filter(place -> place.getFileName().toString().startsWith("cuda"))
            .sorted()
            .forEach(place -> folders.add(place.resolve("include")));
      }
    }
    return folders;
  }

  /** The sources of every package below {@code dev.unnoise.backend}. */
  private Map<String, Map<String, String>> generate(String library, String headers) throws Exception {
    Path generated = Files.createDirectory(folder.resolve("generated"));
    Path log = folder.resolve("log");
    Process process =
        new ProcessBuilder("native/generate", library, headers, generated.toString())
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    assertTrue(process.waitFor(2, TimeUnit.MINUTES), "native/generate did not end");
    assertEquals(0, process.exitValue(), Files.readString(log));
    Path root = generated.resolve("dev/unnoise/backend");
    try (Stream<Path> files = Files.walk(root)) {
      Map<String, Map<String, String>> packages = new TreeMap<>();
      for (Path place : files.filter(Files::isRegularFile).map(Path::getParent).distinct().toList()) {
        packages.put(root.relativize(place).toString(), sources(place));
      }
      return packages;
    }
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
