package dev.unnoise.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.unnoise.image.Tensors;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The launcher as a process, the way a user starts it. */
class LauncherIT {
  private static final Path HOME = Path.of("").toAbsolutePath();
  private static final String CASES = HOME.resolve("src/test/resources/cases").toString();

  @TempDir private Path folder;

  private record Outcome(int exit, String out, String err) {}

  /** The first start may build and prepares a cache, which it says; later ones are silent about it. */
  @BeforeAll
  static void startOnce(@TempDir Path somewhere) throws Exception {
    assertEquals(0, run(somewhere, Map.of(), List.of(HOME.resolve("unnoise").toString(), "--version")).exit());
  }

  private Outcome unnoise(String... arguments) throws Exception {
    return unnoise(Map.of(), arguments);
  }

  private Outcome unnoise(Map<String, String> environment, String... arguments) throws Exception {
    List<String> line = new ArrayList<>(List.of(HOME.resolve("unnoise").toString()));
    line.addAll(List.of(arguments));
    return run(folder, environment, line);
  }

  private static Outcome run(Path where, Map<String, String> environment, List<String> line) throws Exception {
    Path out = Files.createTempFile("unnoise", ".out");
    Path err = Files.createTempFile("unnoise", ".err");
    try {
      ProcessBuilder builder = new ProcessBuilder(line).directory(where.toFile());
      builder.environment().putAll(environment);
      Process process = builder.redirectOutput(out.toFile()).redirectError(err.toFile()).start();
      assertTrue(process.waitFor(3, TimeUnit.MINUTES), "did not end: " + line);
      return new Outcome(
          process.exitValue(),
          Files.readString(out, StandardCharsets.UTF_8),
          Files.readString(err, StandardCharsets.UTF_8));
    } finally {
      Files.delete(out);
      Files.delete(err);
    }
  }

  private List<String> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void theFirstCommandWritesAGridAndSaysWhereAndHowFast() throws Exception {
    Outcome outcome = unnoise("sample", "--sampler", "ddim", "--steps", "3");
    assertEquals(0, outcome.exit(), outcome.err());
    assertEquals("", outcome.err());
    BufferedImage grid = ImageIO.read(folder.resolve("samples.png").toFile());
    assertEquals(4 * 32 + 3 * 2, grid.getWidth());
    assertEquals(4 * 32 + 3 * 2, grid.getHeight());
    List<String> lines = outcome.out().lines().toList();
    assertEquals(folder.toRealPath().resolve("samples.png") + ": 16 images of 32×32, ddim, 3 steps, seed 0", lines.get(0));
    assertTrue(lines.get(1).matches("cpu \\(.*\\), fp32: [\\d.]+ s, [\\d.]+ image-steps/s \\([\\d.]+ s in the loop\\)"), lines.get(1));
    assertEquals(List.of("samples.png"), files());
  }

  @Test
  void imagesDependOnSeedAndIndexAlone() throws Exception {
    String[] base = {"sample", "--sampler", "ddim", "--steps", "2", "--class", "5", "--seed", "3"};
    assertEquals(0, unnoise(with(base, "--count", "5", "--out", "all.npy")).exit());
    assertEquals(0, unnoise(with(base, "--count", "2", "--batch", "1", "--first-index", "3", "--out", "late.npy")).exit());
    Tensors all = Tensors.read(folder.resolve("all.npy"));
    Tensors late = Tensors.read(folder.resolve("late.npy"));
    assertEquals(5, all.count());
    assertEquals(-1, all.images(3, 2).mismatch(late.values()));
    assertTrue(all.images(2, 1).mismatch(all.images(3, 1)) >= 0);
  }

  private static String[] with(String[] base, String... more) {
    return Stream.concat(Stream.of(base), Stream.of(more)).toArray(String[]::new);
  }

  @Test
  void foldersArraysAndArchivesAreWritten() throws Exception {
    Files.createDirectory(folder.resolve("pictures"));
    String[] base = {"sample", "--sampler", "ddim", "--steps", "1", "--count", "3"};
    assertEquals(0, unnoise(with(base, "--first-index", "7", "--out", "pictures/")).exit());
    assertEquals(0, unnoise(with(base, "--out", "x.npz")).exit());
    try (Stream<Path> files = Files.list(folder.resolve("pictures"))) {
      assertEquals(3, files.filter(path -> path.getFileName().toString().matches("00000[789]\\.png")).count());
    }
    assertEquals(List.of("pictures", "x.npz"), files());
  }

  @Test
  void noiseAndPredictionWorkOnFiles() throws Exception {
    ImageIO.write(new BufferedImage(20, 10, BufferedImage.TYPE_INT_RGB), "png", folder.resolve("p.png").toFile());
    Outcome noise = unnoise("noise", "--input", "p.png", "--timestep", "0,500,999", "--schedule", "linear", "--out", "n.npy");
    assertEquals(0, noise.exit(), noise.err());
    Tensors noisy = Tensors.read(folder.resolve("n.npy"));
    assertEquals(3, noisy.count());
    assertEquals("3×10×20", noisy.shape().toString());
    Outcome predict =
        unnoise(
            "predict", "--model", CASES + "/class-tiny", "--input", CASES + "/class-tiny/x.npy", "--timestep", "17",
            "--class", "0,3", "--out", "y.npy");
    assertEquals(0, predict.exit(), predict.err());
    Tensors expected = Tensors.read(Path.of(CASES, "class-tiny", "predict-t17.npy"));
    assertEquals(expected.shape(), Tensors.read(folder.resolve("y.npy")).shape());
  }

  @Test
  void failuresAreOneLineAndExitOneOrTwo() throws Exception {
    Outcome missing = unnoise("sample", "--model", "nowhere");
    assertEquals(1, missing.exit());
    assertEquals("unnoise sample: nowhere does not exist, expected a diffusers checkpoint folder\n", missing.err());
    assertEquals("", missing.out());
    assertEquals(2, unnoise("sample", "--colour").exit());
    assertEquals(List.of(), files());
  }

  @Test
  void aKilledRunLeavesNothingHalfWritten() throws Exception {
    Files.writeString(folder.resolve("x.npy"), "old");
    ProcessBuilder builder =
        new ProcessBuilder(HOME.resolve("unnoise").toString(), "sample", "--count", "64", "--out", "x.npy")
            .directory(folder.toFile());
    Process process =
        builder.redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    for (int i = 0; i < 600 && files().size() < 2 && process.isAlive(); i++) {
      Thread.sleep(50);
    }
    assertEquals(2, files().size(), "the pending file should have appeared");
    process.destroy();
    assertTrue(process.waitFor(1, TimeUnit.MINUTES));
    assertEquals(List.of("x.npy"), files());
    assertEquals("old", Files.readString(folder.resolve("x.npy")));
  }

  @Test
  void infoDescribesTheModelAndItsPlan() throws Exception {
    Outcome info = unnoise("info");
    assertEquals(0, info.exit(), info.err());
    assertTrue(info.out().contains("parameters    1,542,603"), info.out());
    assertTrue(info.out().contains("GFLOP per image and step"), info.out());
    assertTrue(info.out().contains("DDPMScheduler, T = 1000, linear"), info.out());
    Outcome graph = unnoise("info", "--graph", "--model", CASES + "/ddpm-tiny");
    assertTrue(graph.out().contains("mid_block.attentions.0.attention"), graph.out());
  }

  @Test
  void devicesNamesEveryBackend() throws Exception {
    Outcome devices = unnoise("devices");
    assertEquals(0, devices.exit());
    assertTrue(devices.out().lines().anyMatch(line -> line.matches("cpu +device 0: .* GiB, fp32; oneDNN, \\d+ threads?")), devices.out());
    assertTrue(devices.out().lines().anyMatch(line -> line.startsWith("reference")), devices.out());
  }

  @Test
  void benchPrintsOneJsonObject() throws Exception {
    Outcome bench = unnoise("bench", "--model", CASES + "/ddpm-tiny", "--batch", "4", "--steps", "3", "--json");
    assertEquals(0, bench.exit(), bench.err());
    JsonObject json = JsonParser.parseString(bench.out()).getAsJsonObject();
    for (String key :
        List.of(
            "architecture", "backend", "device", "precision", "batch", "msPerStep", "imageStepsPerSecond", "tflops",
            "hostSyncsInLoop", "allocationsInLoop", "launchesPerStep", "computedBy")) {
      assertTrue(json.has(key), key);
    }
    double before = json.get("secondsBeforeFirstStep").getAsDouble();
    assertTrue(before > 0, "first step after " + before + " s");
    assertEquals(0, json.get("hostSyncsInLoop").getAsInt());
    assertEquals(0, json.get("allocationsInLoop").getAsInt());
    double shares = json.getAsJsonObject("timeShares").asMap().values().stream().mapToDouble(v -> v.getAsDouble()).sum();
    assertEquals(1, shares, 1e-6);
  }

  @Test
  void aTerminalSeesProgress() throws Exception {
    Path script = Path.of("/usr/bin/script");
    assertTrue(Files.isExecutable(script), "util-linux's script is needed to make a terminal");
    String line = HOME.resolve("unnoise") + " sample --sampler ddim --steps 30 --out x.png";
    Outcome outcome = run(folder, Map.of("TERM", "xterm"), List.of(script.toString(), "-qec", line, "/dev/null"));
    assertEquals(0, outcome.exit(), outcome.err());
    assertTrue(outcome.out().contains("sampling"), outcome.out());
    assertTrue(outcome.out().contains("480/480"), outcome.out());
  }

  @Test
  void librariesAreUnpackedAgainWhenDamaged() throws Exception {
    Path cache = folder.resolve("cache");
    Map<String, String> environment = Map.of("UNNOISE_JAVA_OPTS", "-Dunnoise.cache=" + cache);
    String[] line = {"sample", "--sampler", "ddim", "--steps", "1", "--count", "1", "--out", "x.npy"};
    assertEquals(0, unnoise(environment, line).exit());
    byte[] first = Files.readAllBytes(folder.resolve("x.npy"));
    Path library;
    try (Stream<Path> files = Files.walk(cache)) {
      library = files.filter(path -> path.endsWith("libdnnl.so.3")).findFirst().orElseThrow();
    }
    Files.write(library, new byte[1000]);
    Outcome again = unnoise(environment, line);
    assertEquals(0, again.exit(), again.err());
    assertArrayEquals(first, Files.readAllBytes(folder.resolve("x.npy")));
    Outcome nowhere =
        unnoise(Map.of("UNNOISE_JAVA_OPTS", "-Dunnoise.cache=/proc/nowhere"), with(line, "--backend", "cpu"));
    assertEquals(1, nowhere.exit());
    assertTrue(nowhere.err().contains("oneDNN cannot be unpacked to /proc/nowhere"), nowhere.err());
    assertFalse(nowhere.err().contains("\tat "), nowhere.err());
  }

  /** What a user has who unpacked a build somewhere: a JDK is not on the PATH, HOME and locale are not set. */
  @Test
  void worksInABareEnvironmentAndAFolderWithSpaces() throws Exception {
    Path home = Files.createDirectories(folder.resolve("a folder"));
    Files.createDirectories(home.resolve("target/lib"));
    Files.copy(HOME.resolve("pom.xml"), home.resolve("pom.xml"));
    Files.copy(HOME.resolve("unnoise"), home.resolve("unnoise"), StandardCopyOption.COPY_ATTRIBUTES);
    try (Stream<Path> libraries = Files.list(HOME.resolve("target/lib"))) {
      for (Path library : libraries.toList()) {
        Files.createSymbolicLink(home.resolve("target/lib").resolve(library.getFileName()), library);
      }
    }
    Files.copy(HOME.resolve("target/unnoise.jar"), home.resolve("target/unnoise.jar"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), home.resolve("unnoise"));
    // The shell writes the name in UTF-8 whatever the locale of this test.
    String line =
        "out=$(printf 'b\\303\\274cher.npy'); env -i PATH=/usr/bin:/bin JAVA_HOME=/nowhere " + link
            + " sample --sampler ddim --steps 1 --count 1 --out \"$out\" && test -s \"$out\"";
    Outcome outcome = run(folder, Map.of(), List.of("sh", "-c", line));
    assertEquals(0, outcome.exit(), outcome.err());
    assertEquals("unnoise: preparing fast starts (this happens once) …\n", outcome.err());
    Outcome again = run(folder, Map.of(), List.of("env", "-i", "PATH=/usr/bin:/bin", link.toString(), "--version"));
    assertEquals(0, again.exit(), again.err());
    assertEquals("", again.err());
  }

  @Test
  void outputThatCannotBeWrittenIsAFailure() throws Exception {
    List<String> line = List.of("sh", "-c", HOME.resolve("unnoise") + " devices > /dev/full");
    Outcome outcome = run(folder, Map.of(), line);
    assertEquals(1, outcome.exit());
    assertEquals("unnoise: standard output cannot be written\n", outcome.err());
  }

  @Test
  void tooSmallAHeapIsOneLine() throws Exception {
    Map<String, String> small = Map.of("UNNOISE_JAVA_OPTS", "-Xmx32m");
    Outcome outcome = unnoise(small, "bench", "--architecture", "adm-64", "--batch", "1", "--steps", "1");
    assertEquals(1, outcome.exit());
    assertTrue(outcome.err().startsWith("unnoise: there is not enough memory"), outcome.err());
    assertEquals(1, outcome.err().lines().count(), outcome.err());
  }

  @Test
  void threadsCanBeChosenAndDoNotChangeImages() throws Exception {
    String[] line = {"sample", "--sampler", "ddim", "--steps", "2", "--count", "3", "--out"};
    assertEquals(0, unnoise(Map.of("UNNOISE_JAVA_OPTS", "-Dunnoise.cpu.threads=1"), with(line, "one.npy")).exit());
    assertEquals(0, unnoise(Map.of("UNNOISE_JAVA_OPTS", "-Dunnoise.cpu.threads=4"), with(line, "four.npy")).exit());
    assertArrayEquals(Files.readAllBytes(folder.resolve("one.npy")), Files.readAllBytes(folder.resolve("four.npy")));
    Outcome none = unnoise(Map.of("UNNOISE_JAVA_OPTS", "-Dunnoise.cpu.threads=none"), with(line, "x.npy"));
    assertEquals(1, none.exit());
    assertTrue(none.err().contains("unnoise.cpu.threads is none"), none.err());
  }
}
