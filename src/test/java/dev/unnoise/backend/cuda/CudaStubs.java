package dev.unnoise.backend.cuda;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * Libraries that a process may load in place of NVIDIA's, built of src/test/native/cuda. They compute on the processor
 * what a card would, and keep account of it: see {@link StubControl}.
 */
final class CudaStubs {
  private static final Path SOURCES = Path.of("src/test/native/cuda");
  private static final Path BUILT = Path.of("target/cuda-stubs");

  /** What all others need. */
  static final String RECORDER = "libunnoise_stub.so";

  /** Empty: NVIDIA's libraries have parts beside them that have to be there. */
  private static final List<String> PARTS = List.of("libnvrtc-builtins.so.13.0", "libcudnn_graph.so.9");

  /** A library is made of one folder of sources. */
  private record Stub(String folder, String library) {}

  private static final List<Stub> STUBS =
      List.of(
          new Stub("driver", "libcuda.so.1"),
          new Stub("nvrtc", "libnvrtc.so.13"),
          new Stub("cudnn", "libcudnn.so.9"),
          new Stub("cublaslt", "libcublasLt.so.13"));

  private CudaStubs() {}

  /** The folder with the libraries, built if there are none of these sources yet. */
  static synchronized Path folder() throws IOException, InterruptedException {
    boolean known = System.getProperty("os.name").equals("Linux") && System.getProperty("os.arch").equals("amd64");
    assumeTrue(known, "the stub libraries switch stacks as x86-64 Linux does");
    String compiler = compiler();
    assumeTrue(!compiler.isEmpty(), "g++ is not installed");
    Path folder = Files.createDirectories(BUILT).resolve(key(compiler)).toAbsolutePath();
    // Tests run in several processes, of which one builds; a lock of files is no lock between threads of one.
    try (FileChannel lock = FileChannel.open(BUILT.resolve("lock"), CREATE, WRITE)) {
      lock.lock();
      if (!Files.exists(folder)) {
        Path made = Files.createTempDirectory(BUILT, "building").toAbsolutePath();
        build(made);
        Files.move(made, folder, StandardCopyOption.ATOMIC_MOVE);
      }
    }
    return folder;
  }

  private static String compiler() throws InterruptedException {
    try {
      Process process = new ProcessBuilder("g++", "--version").redirectErrorStream(true).start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return process.waitFor() == 0 ? said : "";
    } catch (IOException e) {
      return "";
    }
  }

  private static List<Path> sources() throws IOException {
    try (Stream<Path> all = Files.walk(SOURCES)) {
      return all.filter(Files::isRegularFile).sorted().toList();
    }
  }

  private static String key(String compiler) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(compiler.getBytes(StandardCharsets.UTF_8));
      for (Path source : sources()) {
        digest.update(source.toString().getBytes(StandardCharsets.UTF_8));
        digest.update(Files.readAllBytes(source));
      }
      return HexFormat.of().formatHex(digest.digest(), 0, 8);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void build(Path folder) throws IOException, InterruptedException {
    requireBuilt(compile(folder, "core", RECORDER, List.of()));
    List<Process> processes = new ArrayList<>();
    for (Stub stub : STUBS) {
      List<String> with = List.of("-fvisibility=hidden", "-Wl,-rpath,$ORIGIN", "-L" + folder, "-lunnoise_stub");
      processes.add(compile(folder, stub.folder(), stub.library(), with));
    }
    for (String part : PARTS) {
      processes.add(compile(folder, part, part, List.of()));
    }
    for (Process process : processes) {
      requireBuilt(process);
    }
    for (Path source : sources()) {
      // What the stub of NVRTC adds to kernels.
      boolean itsOwn = source.getParent().endsWith("nvrtc") && source.toString().endsWith(".h");
      if (itsOwn || source.endsWith("core/numbers.h")) {
        Files.copy(source, folder.resolve(source.getFileName()));
      }
    }
  }

  /** All sources at once: most of the time is spent on the headers that they have in common. */
  private static Process compile(Path folder, String of, String library, List<String> with) throws IOException {
    StringBuilder all = new StringBuilder();
    for (Path source : sources()) {
      if (source.getParent().endsWith(of) && source.toString().endsWith(".cpp")) {
        all.append("#include \"").append(source.toAbsolutePath()).append("\"\n");
      }
    }
    Path text = Files.writeString(folder.resolve(of + ".cpp"), all);
    List<String> line = new ArrayList<>(List.of("g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC"));
    line.addAll(List.of("-shared", "-Wl,-soname," + library, "-o", folder.resolve(library).toString()));
    line.add(text.toString());
    line.addAll(with);
    return new ProcessBuilder(line).inheritIO().start();
  }

  private static void requireBuilt(Process process) throws InterruptedException {
    assertEquals(0, process.waitFor(), "g++ refuses sources in " + SOURCES);
  }
}
