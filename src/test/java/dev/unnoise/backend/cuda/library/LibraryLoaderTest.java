package dev.unnoise.backend.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is tried after what, and when it stops. */
class LibraryLoaderTest {
  private static final Version DRIVER = new Version(13, 0);

  @TempDir private Path folder;

  /** Accepts what a test says and remembers what it was asked. */
  private static final class Recorder implements Probe {
    private final List<String> accepted;
    private final List<String> asked = new ArrayList<>();
    private final List<Optional<Version>> drivers = new ArrayList<>();

    Recorder(String... accepted) {
      this.accepted = List.of(accepted);
    }

    @Override
    public Outcome load(Library library, Candidate.Loadable candidate, Optional<Version> driver) {
      asked.add(candidate.library());
      drivers.add(driver);
      return accepted.contains(candidate.library())
          ? new Outcome.Found(Path.of("/lib").resolve(candidate.library()), DRIVER)
          : new Outcome.Absent("not found");
    }
  }

  @Test
  void theFirstThatWorksEndsTheSearch() {
    AtomicInteger questions = new AtomicInteger();
    Surroundings surroundings =
        new Surroundings(
            Map.of(),
            Map.of(),
            () -> {
              questions.incrementAndGet();
              return new PythonPath(List.of(), "not today");
            },
            new ClassLoader(null) {});
    Recorder probe = new Recorder("libcuda.so.1", "libnvrtc.so.12");
    LibraryLoader loader = new LibraryLoader(new LibrarySearch(surroundings), probe);
    assertEquals(Path.of("/lib/libnvrtc.so.12"), loader.load(Library.NVRTC).orElseThrow().file());
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.13", "libnvrtc.so.12"), probe.asked);
    assertEquals(0, questions.get(), "Python is asked only where nothing else helps");

    assertTrue(loader.load(Library.CUBLASLT).isEmpty());
    assertTrue(loader.load(Library.CUDNN).isEmpty());
    assertEquals(1, questions.get(), "and once");
  }

  @Test
  void aLibraryIsLookedForOnce() {
    Recorder probe = new Recorder("libcuda.so.1");
    LibraryLoader loader = new LibraryLoader(new LibrarySearch(Fakes.nothing()), probe);
    assertTrue(loader.load(Library.NVRTC).isEmpty());
    assertTrue(loader.load(Library.NVRTC).isEmpty());
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.13", "libnvrtc.so.12"), probe.asked);
  }

  @Test
  void librariesThatOthersOpenAreLoadedFirstAndFitTheDriver() {
    Recorder probe = new Recorder("libcuda.so.1", "libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9");
    LibraryLoader loader = new LibraryLoader(new LibrarySearch(Fakes.nothing()), probe);
    assertTrue(loader.load(Library.CUDNN).isPresent());
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9"), probe.asked);
    assertEquals(Optional.empty(), probe.drivers.getFirst());
    assertEquals(List.of(Optional.of(DRIVER), Optional.of(DRIVER), Optional.of(DRIVER)), probe.drivers.subList(1, 4));
  }

  @Test
  void theLogTellsEveryAttempt() throws IOException {
    Path broken = folder.resolve("broken");
    Fakes.files(broken, "libnvrtc.so.12");
    Path cuda = folder.resolve("cuda");
    Fakes.files(cuda, "lib64/libnvrtc.so.13", "lib64/libnvrtc-builtins.so.13.0");
    Surroundings surroundings =
        new Surroundings(
            Map.of("unnoise.cuda.path", broken.toString()),
            Map.of("CUDA_PATH", folder + "/gone", "CUDA_HOME", cuda.toString()),
            Fakes.noPython(),
            new ClassLoader(null) {});
    String file = cuda + "/lib64/libnvrtc.so.13";
    LibraryLoader loader = new LibraryLoader(new LibrarySearch(surroundings), new Recorder("libcuda.so.1", file));
    loader.load(Library.NVRTC);
    assertEquals(
        List.of(
            "NVIDIA's driver, -Dunnoise.cuda.path: " + broken + ": no libcuda.so.1 there",
            "NVIDIA's driver, loader's path: /lib/libcuda.so.1: found, version 13.0",
            "NVRTC, -Dunnoise.cuda.path: " + broken + "/libnvrtc.so.12: refused: its part libnvrtc-builtins.so.12.* is not beside it",
            "NVRTC, CUDA_PATH: " + folder + "/gone: there is no such folder",
            "NVRTC, CUDA_HOME: " + file + ": found, version 13.0"),
        loader.attempts().stream().map(Attempt::toString).toList());
  }
}
