package dev.unnoise.backend.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Files that are not what their names say. */
@EnabledOnOs(OS.LINUX)
class NativeProbeTest {
  @TempDir private Path folder;

  private static Outcome probe(Library library, Object... inOrder) {
    List<String> names = Stream.of(inOrder).map(Object::toString).toList();
    Candidate.Loadable candidate = new Candidate.Loadable(names.subList(0, names.size() - 1), names.getLast());
    return new NativeProbe().open(library, candidate, Optional.empty()).load();
  }

  private static boolean isMapped(Path file) throws IOException {
    return Files.readString(Path.of("/proc/self/maps")).contains(file.toString());
  }

  @Test
  void aFileThatIsNoLibraryIsRefusedInTheLoadersWords() throws IOException {
    Path file = folder.resolve("libcuda.so.1");
    Files.writeString(file, "this is no library, but long enough for the header of one: ".repeat(3));
    Outcome.Refused refused = assertInstanceOf(Outcome.Refused.class, probe(Library.DRIVER, file));
    assertTrue(refused.why().startsWith(file + ": "), refused.why());
    assertTrue(refused.why().length() > file.toString().length() + 5, refused.why());
  }

  @Test
  void aLibraryOfAnotherKindIsRefusedByItsFirstMissingFunctionAndClosed() throws IOException {
    Path file = folder.resolve("libnvrtc.so.13");
    Files.copy(Path.of(System.getProperty("java.home"), "lib", "libzip.so"), file);
    assertEquals(new Outcome.Refused("it has no function nvrtcCompileProgram"), probe(Library.NVRTC, file));
    assertFalse(isMapped(file), "still open");
  }

  @Test
  void whatWasOpenedBeforeARefusalIsClosed() throws IOException {
    Path companion = folder.resolve("libnvrtc-builtins.so.13.0");
    Files.copy(Path.of(System.getProperty("java.home"), "lib", "libzip.so"), companion);
    Path file = folder.resolve("libnvrtc.so.13");
    Files.writeString(file, "");
    assertInstanceOf(Outcome.Refused.class, probe(Library.NVRTC, companion, file));
    assertFalse(isMapped(companion), "still open");
  }

  @Test
  void aBrokenPartIsTheReason() throws IOException {
    Path companion = folder.resolve("libcudnn_graph.so.9");
    Files.writeString(companion, "");
    Outcome.Refused refused =
        assertInstanceOf(Outcome.Refused.class, probe(Library.CUDNN, companion, folder.resolve("libcudnn.so.9")));
    assertTrue(refused.why().startsWith(companion + ": "), refused.why());
  }

  @Test
  void aSonameThatLeadsNowhereIsAbsent() {
    assertEquals(new Outcome.Absent("not found"), probe(Library.NVRTC, "libnvrtc-of-nobody.so.13"));
    assertEquals(new Outcome.Absent("not found"), probe(Library.CUDNN, "libcudnn-of-nobody.so.9"));
    assertEquals(new Outcome.Absent("not found"), probe(Library.CUBLASLT, "libcublasLt-of-nobody.so.13"));
  }

  @Test
  void functionsAreThoseOfTheBindings() {
    assertTrue(Library.NVRTC.functions().contains("nvrtcGetCUBIN"));
    assertTrue(Library.DRIVER.functions().contains("cuGraphLaunch"));
    assertTrue(Library.CUBLASLT.functions().contains("cublasLtMatmul"));
    assertTrue(Library.CUDNN.functions().contains("cudnnBackendExecute"));
    for (Library library : Library.values()) {
      assertTrue(library.functions().size() > 10, library.functions().toString());
    }
  }
}
