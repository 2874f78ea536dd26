package dev.unnoise.backend.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.run.UserCache;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Libraries in jars on the class path, in jars that hold a line of text for each. */
class ClassPathSourceTest {
  private static final Map<String, String> CUDNN =
      Map.of("libcudnn.so.9", "shim", "libcudnn_graph.so.9", "graph", "libcudnn_ops.so.9", "ops", "libjnicudnn.so", "jni");

  @TempDir private Path folder;

  @BeforeEach
  void useACacheOfItsOwn() {
    System.setProperty(UserCache.PROPERTY, folder.resolve("cache").toString());
  }

  @AfterEach
  void forgetTheCache() {
    System.clearProperty(UserCache.PROPERTY);
  }

  private URLClassLoader jar(String name, Map<String, String> files) throws IOException {
    Path jar = folder.resolve(name);
    try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(jar))) {
      for (Map.Entry<String, String> file : files.entrySet()) {
        out.putNextEntry(new JarEntry(ClassPathSource.FOLDER + file.getKey()));
        out.write(file.getValue().getBytes(StandardCharsets.UTF_8));
        out.closeEntry();
      }
    }
    return new URLClassLoader(new URL[] {jar.toUri().toURL()}, null);
  }

  private static List<Candidate> candidates(ClassLoader classPath, Library library) {
    return new ClassPathSource(classPath).candidates(library).toList();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static Path unpacked(ClassLoader classPath, Library library) {
    Candidate.Loadable candidate =
        assertInstanceOf(Candidate.Loadable.class, candidates(classPath, library).getFirst());
    return Path.of(candidate.library());
  }

  @Test
  void siblingsAreUnpackedIntoOneFolderAndNothingElseIs() throws IOException {
    try (URLClassLoader classPath = jar("cudnn.jar", CUDNN)) {
      Path file = unpacked(classPath, Library.CUDNN);
      assertEquals("shim", Files.readString(file));
      assertEquals(List.of("libcudnn.so.9", "libcudnn_graph.so.9", "libcudnn_ops.so.9"), names(file.getParent()));
      assertTrue(file.startsWith(folder.resolve("cache")), file.toString());
      assertTrue(file.getParent().getFileName().toString().startsWith("cuda-cudnn-"), file.toString());
    }
  }

  @Test
  void builtinsComeAlong() throws IOException {
    Map<String, String> files =
        Map.of("libnvrtc.so.13", "compiler", "libnvrtc-builtins.so.13.1", "builtins", "libcudart.so.13", "not needed");
    try (URLClassLoader classPath = jar("cuda.jar", files)) {
      Candidate.Loadable candidate =
          assertInstanceOf(Candidate.Loadable.class, candidates(classPath, Library.NVRTC).getFirst());
      Path place = Path.of(candidate.library()).getParent();
      assertEquals(
          List.of(place + "/libnvrtc-builtins.so.13.1", place + "/libnvrtc.so.13"), candidate.inOrder());
      assertEquals(List.of("libnvrtc-builtins.so.13.1", "libnvrtc.so.13"), names(place));
    }
  }

  @Test
  void versionsHaveFoldersOfTheirOwn() throws IOException {
    Path first;
    try (URLClassLoader classPath = jar("one.jar", CUDNN)) {
      first = unpacked(classPath, Library.CUDNN);
    }
    Map<String, String> newer = Map.of("libcudnn.so.9", "shim", "libcudnn_graph.so.9", "newer");
    try (URLClassLoader classPath = jar("two.jar", newer)) {
      Path second = unpacked(classPath, Library.CUDNN);
      assertNotEquals(first, second);
      assertEquals("newer", Files.readString(second.resolveSibling("libcudnn_graph.so.9")));
    }
    assertEquals("graph", Files.readString(first.resolveSibling("libcudnn_graph.so.9")));
  }

  @Test
  void aSecondTimeNothingIsWritten() throws IOException {
    try (URLClassLoader classPath = jar("cudnn.jar", CUDNN)) {
      Path file = unpacked(classPath, Library.CUDNN);
      Object key = Files.readAttributes(file, BasicFileAttributes.class).fileKey();
      assertEquals(file, unpacked(classPath, Library.CUDNN));
      assertEquals(key, Files.readAttributes(file, BasicFileAttributes.class).fileKey());
      Files.writeString(file, "a copy cut short, or worse");
      assertEquals("shim", Files.readString(unpacked(classPath, Library.CUDNN)), "a damaged file is replaced");
    }
  }

  @Test
  void nothingIsUnpackedBeforeItsTurn() throws IOException {
    Map<String, String> files = Map.of("libcublasLt.so.13", "newer", "libcublasLt.so.12", "older");
    try (URLClassLoader classPath = jar("cublas.jar", files)) {
      Stream<Candidate> candidates = new ClassPathSource(classPath).candidates(Library.CUBLASLT);
      assertFalse(Files.exists(folder.resolve("cache")));
      assertTrue(candidates.iterator().next().place().endsWith("/libcublasLt.so.13"));
      assertEquals(1, names(folder.resolve("cache")).size());
    }
  }

  @Test
  void aCacheThatCannotBeWrittenIsTheReason() throws IOException {
    Files.writeString(folder.resolve("cache"), "a file where the folder should be");
    try (URLClassLoader classPath = jar("cudnn.jar", CUDNN)) {
      Candidate.Unusable candidate =
          assertInstanceOf(Candidate.Unusable.class, candidates(classPath, Library.CUDNN).getFirst());
      Outcome.Refused refused = assertInstanceOf(Outcome.Refused.class, candidate.outcome());
      assertTrue(refused.why().startsWith("cannot be unpacked to " + folder.resolve("cache")), refused.why());
    }
  }
}
