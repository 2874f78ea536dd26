package dev.unnoise.backend.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is tried after what, and when it stops. */
class LibraryLoaderTest {
  private static final Version DRIVER = new Version(13, 0);

  @TempDir private Path folder;

  /**
   * Accepts what a test says, of the version that its name ends with, unless the driver is older; remembers what it was
   * asked, and what is open.
   */
  private static final class Recorder implements Probe {
    private final Version newest;
    private final List<String> accepted;
    private final List<String> asked = new ArrayList<>();
    private final List<Optional<Version>> drivers = new ArrayList<>();
    private final List<String> open = new ArrayList<>();
    private final List<String> loaded = new ArrayList<>();
    private final Set<String> unloadable = new HashSet<>();

    Recorder(String... accepted) {
      this(DRIVER, accepted);
    }

    /** With a driver that is for this version. */
    Recorder(Version newest, String... accepted) {
      this.newest = newest;
      this.accepted = List.of(accepted);
    }

    @Override
    public Trial open(Library library, Candidate.Loadable candidate, Optional<Version> driver) {
      String name = candidate.library();
      asked.add(name);
      drivers.add(driver);
      Outcome outcome = outcome(library, name, driver);
      if (outcome instanceof Outcome.Found) {
        open.add(name);
      }
      return new Recorded(name, outcome);
    }

    private Outcome outcome(Library library, String name, Optional<Version> driver) {
      if (!accepted.contains(name)) {
        return new Outcome.Absent("not found");
      }
      int number = Integer.parseInt(name.substring(name.lastIndexOf('.') + 1));
      Version version = library == Library.DRIVER ? newest : new Version(number, 0);
      return driver.isPresent() && version.major() > driver.get().major()
          ? new Outcome.Refused("it is for CUDA " + version.major())
          : new Outcome.Found(Path.of("/lib").resolve(name), version);
    }

    private final class Recorded implements Trial {
      private final String name;
      private final Outcome outcome;

      Recorded(String name, Outcome outcome) {
        this.name = name;
        this.outcome = outcome;
      }

      @Override
      public Outcome outcome() {
        return outcome;
      }

      @Override
      public Outcome load() {
        if (!(outcome instanceof Outcome.Found)) {
          return outcome;
        }
        if (unloadable.contains(name)) {
          close();
          return new Outcome.Refused("not today");
        }
        loaded.add(name);
        return outcome;
      }

      @Override
      public void close() {
        open.remove(name);
      }
    }
  }

  private final AtomicInteger questions = new AtomicInteger();

  /** Where properties name folders and Python knows others. */
  private Surroundings surroundings(Map<String, String> properties, Path... packages) {
    return new Surroundings(
        properties,
        Map.of(),
        () -> {
          questions.incrementAndGet();
          return new PythonPath(List.of(packages), "");
        },
        new ClassLoader(null) {});
  }

  private static LibraryLoader loader(Surroundings surroundings, Probe probe, Library... leftOut) {
    return new LibraryLoader(new LibrarySearch(surroundings), probe, List.of(leftOut)::contains);
  }

  /** Loads all, and gives what the log says. */
  private static List<String> log(LibraryLoader loader) {
    loader.load(Library.CUDNN);
    return loader.attempts().stream().map(Attempt::toString).toList();
  }

  /** Makes a folder of packages for CUDA 13; gives its NVRTC, cuBLASLt and cuDNN. */
  private static String[] packages(Path folder) throws IOException {
    List<String> names = List.of("cu13/lib/libnvrtc.so.13", "cu13/lib/libcublasLt.so.13", "cudnn/lib/libcudnn.so.9");
    Fakes.files(folder.resolve("nvidia"), names.toArray(String[]::new));
    Fakes.files(folder.resolve("nvidia"), "cu13/lib/libnvrtc-builtins.so.13.0", "cudnn/lib/libcudnn_graph.so.9");
    return names.stream().map(name -> folder.resolve("nvidia").resolve(name).toString()).toArray(String[]::new);
  }

  private static Recorder accepting(Version newest, List<String> byTheLoader, String... files) {
    Stream<String> all = Stream.concat(byTheLoader.stream(), Stream.of(files));
    return new Recorder(newest, Stream.concat(Stream.of("libcuda.so.1"), all).toArray(String[]::new));
  }

  @Test
  void theFirstThatWorksEndsTheSearch() {
    Recorder probe = new Recorder("libcuda.so.1", "libnvrtc.so.12");
    LibraryLoader loader = loader(surroundings(Map.of()), probe, Library.CUBLASLT, Library.CUDNN);
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
    LibraryLoader loader = loader(Fakes.nothing(), probe);
    assertTrue(loader.load(Library.NVRTC).isEmpty());
    assertTrue(loader.load(Library.NVRTC).isEmpty());
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.13", "libnvrtc.so.12"), probe.asked);
  }

  @Test
  void librariesThatOthersOpenAreLoadedFirstAndFitTheDriver() throws IOException {
    packages(folder);
    List<String> inOrder = List.of("libcuda.so.1", "libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9");
    Recorder probe = new Recorder(inOrder.toArray(String[]::new));
    LibraryLoader loader = loader(surroundings(Map.of(), folder), probe);
    assertTrue(loader.load(Library.CUDNN).isPresent());
    assertEquals(inOrder, probe.asked);
    assertEquals(inOrder, probe.loaded);
    assertEquals(Optional.empty(), probe.drivers.getFirst());
    assertEquals(List.of(Optional.of(DRIVER), Optional.of(DRIVER), Optional.of(DRIVER)), probe.drivers.subList(1, 4));
    assertEquals(0, questions.get(), "the loader has them all");
  }

  @Test
  void aPlaceWithAllComesBeforeAnEarlierOneWithSome() throws IOException {
    String notTaken = ": not taken, version 13.0: there is no cuDNN with it that can be used";
    String[] pip = packages(folder);
    Recorder probe = accepting(DRIVER, List.of("libnvrtc.so.13", "libcublasLt.so.13"), pip);
    assertEquals(
        List.of(
            "NVIDIA's driver, loader's path: /lib/libcuda.so.1: found, version 13.0",
            "cuDNN, loader's path: libcudnn.so.9: not found",
            "NVRTC, loader's path: /lib/libnvrtc.so.13" + notTaken,
            "cuBLASLt, loader's path: /lib/libcublasLt.so.13" + notTaken,
            "NVRTC, pip's packages: " + pip[0] + ": found, version 13.0",
            "cuBLASLt, pip's packages: " + pip[1] + ": found, version 13.0",
            "cuDNN, pip's packages: " + pip[2] + ": found, version 9.0"),
        log(loader(surroundings(Map.of(), folder), probe)));
    assertEquals(List.of("libcuda.so.1", pip[0], pip[1], pip[2]), probe.loaded);
    assertEquals(probe.loaded, probe.open, "what was not taken is closed");
  }

  @Test
  void whatOneFolderOfPackagesHasIsNotCompletedFromAnother() throws IOException {
    Path one = folder.resolve("one");
    Path other = folder.resolve("other");
    String[] some = packages(one);
    Files.delete(Path.of(some[2]));
    String[] all = packages(other);
    Recorder probe = accepting(DRIVER, List.of(), some[0], some[1], all[0], all[1], all[2]);
    loader(surroundings(Map.of(), one, other), probe).load(Library.CUDNN);
    assertEquals(List.of("libcuda.so.1", all[0], all[1], all[2]), probe.loaded);
    assertFalse(probe.asked.contains(some[0]), "a file that is missing is known before any is opened");
  }

  @Test
  void whereNoPlaceHasAllTheyAreMixedInOrder() throws IOException {
    String[] pip = packages(folder);
    Files.delete(Path.of(pip[1]));
    Recorder probe = accepting(DRIVER, List.of("libnvrtc.so.13", "libcublasLt.so.13"), pip);
    assertEquals(
        List.of(
            "NVIDIA's driver, loader's path: /lib/libcuda.so.1: found, version 13.0",
            "cuDNN, loader's path: libcudnn.so.9: not found",
            "cuBLASLt, pip's packages: " + folder + ": no libcublasLt.so.13 or libcublasLt.so.12 there",
            "NVRTC, class path: " + ClassPathSource.FOLDER + ": no libnvrtc.so.13 or libnvrtc.so.12 there",
            "NVRTC, loader's path: /lib/libnvrtc.so.13: found, version 13.0",
            "cuBLASLt, loader's path: /lib/libcublasLt.so.13: found, version 13.0",
            "cuDNN, pip's packages: " + pip[2] + ": found, version 9.0"),
        log(loader(surroundings(Map.of(), folder), probe)));
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.13", "libcublasLt.so.13", pip[2]), probe.loaded);
    assertEquals(probe.loaded, probe.open);
  }

  @Test
  void whatSomebodyNamedIsTakenAndTheRestFromItsPackages() throws IOException {
    Path other = folder.resolve("other");
    String[] pip = packages(folder.resolve("said"));
    String[] others = packages(other);
    List<String> whole = List.of("libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9");
    Recorder probe = accepting(DRIVER, whole, pip[0], pip[1], pip[2], others[0], others[1], others[2]);
    Map<String, String> said = Map.of("unnoise.cudnn.path", folder + "/said/nvidia/cudnn");
    assertEquals(
        List.of(
            "NVIDIA's driver, loader's path: /lib/libcuda.so.1: found, version 13.0",
            "NVRTC, pip's packages: " + pip[0] + ": found, version 13.0",
            "cuBLASLt, pip's packages: " + pip[1] + ": found, version 13.0",
            "cuDNN, -Dunnoise.cudnn.path: " + pip[2] + ": found, version 9.0"),
        log(loader(surroundings(said, other), probe)));
    assertEquals(0, questions.get(), "the packages are known without Python");
  }

  @Test
  void whatIsBesideANamedOneIsTakenEvenIfItIsNotAll() throws IOException {
    String[] pip = packages(folder);
    Files.delete(Path.of(pip[0]));
    Recorder probe = accepting(DRIVER, List.of("libnvrtc.so.13", "libcublasLt.so.13"), pip);
    Map<String, String> said = Map.of("unnoise.cudnn.path", folder + "/nvidia/cudnn");
    loader(surroundings(said), probe).load(Library.CUDNN);
    assertEquals(Set.of("libcuda.so.1", "libnvrtc.so.13", pip[1], pip[2]), Set.copyOf(probe.loaded));
  }

  @Test
  void whatIsNamedOutsideOfPackagesLeavesTheRestToOnePlace() throws IOException {
    Path packages = folder.resolve("packages");
    String[] pip = packages(packages);
    Fakes.files(folder.resolve("cuda"), "lib64/libcublasLt.so.13");
    String named = folder + "/cuda/lib64/libcublasLt.so.13";
    Recorder probe = accepting(DRIVER, List.of("libnvrtc.so.13"), named, pip[0], pip[1], pip[2]);
    Map<String, String> said = Map.of("unnoise.cuda.path", folder + "/cuda");
    loader(surroundings(said, packages), probe).load(Library.CUDNN);
    assertEquals(Set.of("libcuda.so.1", pip[0], named, pip[2]), Set.copyOf(probe.loaded));
  }

  @Test
  void aPlaceNeedNotHaveWhatIsLeftOut() throws IOException {
    String[] pip = packages(folder);
    Recorder probe = accepting(DRIVER, List.of("libnvrtc.so.13", "libcublasLt.so.13"), pip);
    loader(surroundings(Map.of(), folder), probe, Library.CUDNN).load(Library.CUBLASLT);
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.13", "libcublasLt.so.13"), probe.loaded);
    assertEquals(0, questions.get());
  }

  @Test
  void aPlaceHasAllOnlyIfTheyFitTheDriver() throws IOException {
    Version driver = new Version(12, 4);
    Path packages = folder.resolve("packages");
    String[] newer = packages(packages);
    List<String> byTheLoader = List.of("libnvrtc.so.12", "libcublasLt.so.12", "libcudnn.so.9");
    Recorder older = accepting(driver, byTheLoader, newer);
    loader(surroundings(Map.of(), packages), older).load(Library.CUDNN);
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.12", "libcublasLt.so.12", "libcudnn.so.9"), older.loaded);

    Recorder some = accepting(driver, List.of("libnvrtc.so.12"), newer);
    loader(surroundings(Map.of(), packages), some).load(Library.CUDNN);
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.12", newer[2]), some.loaded, "newer ones do not fit");

    Path nvidia = folder.resolve("older/nvidia");
    Fakes.files(nvidia, "cuda_nvrtc/lib/libnvrtc.so.12", "cuda_nvrtc/lib/libnvrtc-builtins.so.12.4");
    Fakes.files(nvidia, "cublas/lib/libcublasLt.so.12", "cudnn/lib/libcudnn.so.9", "cudnn/lib/libcudnn_graph.so.9");
    String nvrtc = nvidia + "/cuda_nvrtc/lib/libnvrtc.so.12";
    String cublasLt = nvidia + "/cublas/lib/libcublasLt.so.12";
    String cudnn = nvidia + "/cudnn/lib/libcudnn.so.9";
    List<String> wholeButNewer = List.of("libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9");
    Recorder fitting = accepting(driver, wholeButNewer, newer[0], newer[1], newer[2], nvrtc, cublasLt, cudnn);
    loader(surroundings(Map.of(), packages, folder.resolve("older")), fitting).load(Library.CUDNN);
    assertEquals(List.of("libcuda.so.1", nvrtc, cublasLt, cudnn), fitting.loaded);
    assertFalse(fitting.asked.contains(newer[2]), "a cuDNN that was opened may stay");
  }

  @Test
  void whatWasNamedAndDoesNotFitTheDriverIsNotCountedOn() throws IOException {
    Fakes.files(folder.resolve("cuda"), "lib64/libcublasLt.so.13");
    String named = folder + "/cuda/lib64/libcublasLt.so.13";
    Path packages = folder.resolve("packages");
    Path nvidia = packages.resolve("nvidia");
    Fakes.files(nvidia, "cuda_nvrtc/lib/libnvrtc.so.12", "cuda_nvrtc/lib/libnvrtc-builtins.so.12.4");
    Fakes.files(nvidia, "cublas/lib/libcublasLt.so.12");
    String nvrtc = nvidia + "/cuda_nvrtc/lib/libnvrtc.so.12";
    String cublasLt = nvidia + "/cublas/lib/libcublasLt.so.12";
    Recorder probe = accepting(new Version(12, 4), List.of("libnvrtc.so.12"), named, nvrtc, cublasLt);
    Map<String, String> said = Map.of("unnoise.cuda.path", folder + "/cuda");
    loader(surroundings(said, packages), probe, Library.CUDNN).load(Library.CUBLASLT);
    assertEquals(List.of("libcuda.so.1", nvrtc, cublasLt), probe.loaded);
  }

  @Test
  void whatFailsToLoadAfterTheOthersAreLoadedIsTakenFromElsewhere() throws IOException {
    String[] pip = packages(folder);
    Recorder probe = accepting(DRIVER, List.of("libnvrtc.so.13", "libcublasLt.so.13", "libcudnn.so.9"), pip);
    probe.unloadable.add("libcudnn.so.9");
    List<String> log = log(loader(surroundings(Map.of(), folder), probe));
    assertEquals(List.of("libcuda.so.1", "libnvrtc.so.13", "libcublasLt.so.13", pip[2]), probe.loaded);
    assertEquals(
        List.of(
            "cuDNN, loader's path: libcudnn.so.9: refused: not today",
            "cuDNN, pip's packages: " + pip[2] + ": found, version 9.0"),
        log.subList(log.size() - 2, log.size()));
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
    LibraryLoader loader = loader(surroundings, new Recorder("libcuda.so.1", file));
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
