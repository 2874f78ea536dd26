package dev.unnoise.backend.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.run.Availability;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people are told, on machines with more and with less. */
class CudaLibrariesTest {
  private static final Version NEWEST = new Version(13, 0);

  @TempDir private Path folder;

  private final List<Library> lookedFor = new ArrayList<>();

  /** A machine with these libraries on the loader's path; files can be used as they are. */
  private CudaLibraries machine(Map<Library, Version> versions) {
    return machine(Fakes.nothing(), versions);
  }

  private CudaLibraries machine(Surroundings surroundings, Map<Library, Version> versions) {
    Probe probe =
        Fakes.probe(
            (library, candidate, driver) -> {
              lookedFor.add(library);
              Path file = Path.of("/lib").resolve(candidate.library());
              return versions.containsKey(library) || !candidate.isNamed()
                  ? new Outcome.Found(file, versions.getOrDefault(library, NEWEST))
                  : new Outcome.Absent("not found");
            });
    return new CudaLibraries(surroundings, probe);
  }

  @Test
  void withNothingItSaysWhatAndHow() {
    CudaLibraries libraries = machine(Map.of());
    Availability.Missing problem = libraries.availabilityProblem().orElseThrow();
    assertEquals("NVIDIA's driver (libcuda.so.1) was not found", problem.what());
    for (String way :
        List.of(
            "install NVIDIA's driver",
            "pip install nvidia-cuda-nvrtc nvidia-cublas nvidia-cudnn-cu13",
            "org.bytedeco:cuda-redist",
            "-Dunnoise.cuda.path=",
            "CUDNN_PATH")) {
      assertTrue(problem.remedy().contains(way), problem.remedy());
    }
    assertEquals(List.of(Library.DRIVER), lookedFor, "machines without a driver need no answer about the rest");
    assertEquals(1, problem.what().lines().count());
    assertEquals(1, problem.remedy().lines().count());
  }

  @Test
  void withoutADriverPythonIsNotAsked() {
    Surroundings surroundings =
        new Surroundings(
            Map.of(),
            Map.of(),
            () -> {
              throw new AssertionError("Python was asked");
            },
            new ClassLoader(null) {});
    assertTrue(machine(surroundings, Map.of()).availabilityProblem().isPresent());
  }

  @Test
  void aMixtureIsSaidToBeOne() throws IOException {
    Fakes.files(folder, "nvidia/cudnn/lib/libcudnn.so.9", "nvidia/cudnn/lib/libcudnn_graph.so.9");
    Map<Library, Version> some = Map.of(Library.DRIVER, NEWEST, Library.NVRTC, NEWEST, Library.CUBLASLT, NEWEST);
    assertEquals(
        "mixed: NVRTC and cuBLASLt from loader's path, cuDNN from pip's packages in " + folder
            + "; they may not fit each other",
        machine(Fakes.python(folder), some).attempts().getLast());
  }

  @Test
  void whatIsFromOneFolderOfPackagesIsNoMixtureWhoeverNamedIt() throws IOException {
    Fakes.files(folder, "nvidia/cu13/lib/libnvrtc.so.13", "nvidia/cu13/lib/libnvrtc-builtins.so.13.0");
    Fakes.files(folder, "nvidia/cu13/lib/libcublasLt.so.13");
    Fakes.files(folder, "nvidia/cudnn/lib/libcudnn.so.9", "nvidia/cudnn/lib/libcudnn_graph.so.9");
    Surroundings surroundings = Fakes.properties("unnoise.cudnn.path", folder.resolve("nvidia/cudnn"));
    List<String> attempts = machine(surroundings, Map.of(Library.DRIVER, NEWEST)).attempts();
    assertTrue(attempts.getLast().startsWith("cuDNN, -Dunnoise.cudnn.path: " + folder), attempts.toString());
    assertEquals(4, attempts.size(), attempts.toString());
  }

  @Test
  void librariesAreLeftOutWhereThatIsAskedFor() {
    Version version = new Version(13, 0);
    CudaLibraries libraries =
        machine(
            Map.of(
                Library.DRIVER, version, Library.NVRTC, version, Library.CUBLASLT, version, Library.CUDNN, new Version(9, 24)));
    System.setProperty(CudaLibraries.WITHOUT_PROPERTY, "nvrtc,cuDNN");
    try {
      assertEquals(Optional.empty(), libraries.availabilityProblem(), "the compiler is needed");
      assertFalse(libraries.isLoaded(Library.CUDNN));
      assertTrue(libraries.isLoaded(Library.CUBLASLT));
      assertEquals(Optional.of("slower without cuDNN"), libraries.slower());
      assertEquals("cuDNN: left out by -Dunnoise.cuda.without", libraries.attempts().getLast());
    } finally {
      System.clearProperty(CudaLibraries.WITHOUT_PROPERTY);
    }
  }

  @Test
  void theLogOfAMachineWithNothingNamesEveryLibrary() {
    assertEquals(
        List.of(
            "NVIDIA's driver, loader's path: libcuda.so.1: not found",
            "NVRTC, loader's path: libnvrtc.so.13: not found",
            "NVRTC, loader's path: libnvrtc.so.12: not found",
            "NVRTC, pip's packages: python3: there is no python3",
            "NVRTC, class path: " + ClassPathSource.FOLDER + ": no libnvrtc.so.13 or libnvrtc.so.12 there",
            "cuBLASLt: not looked for, of no use without the others",
            "cuDNN: not looked for, of no use without the others"),
        machine(Map.of()).attempts());
  }

  @Test
  void aDriverAloneLacksTheCompiler() {
    CudaLibraries libraries = machine(Map.of(Library.DRIVER, new Version(13, 1)));
    assertEquals("NVRTC (libnvrtc.so.13 or libnvrtc.so.12) was not found", libraries.missing().orElseThrow());
    assertTrue(libraries.remedy().startsWith("pip install nvidia-cuda-nvrtc "), libraries.remedy());
  }

  @Test
  void anOlderDriverNeedsThePackagesOfItsCuda() {
    CudaLibraries libraries = machine(Map.of(Library.DRIVER, new Version(12, 4)));
    assertTrue(
        libraries.remedy().startsWith("pip install nvidia-cuda-nvrtc-cu12 nvidia-cublas-cu12 nvidia-cudnn-cu12,"),
        libraries.remedy());
  }

  @Test
  void theCompilerForAnotherCardIsTheOneThatKnowsIt() {
    CudaLibraries newest = machine(Map.of(Library.DRIVER, new Version(13, 0), Library.NVRTC, new Version(13, 0)));
    assertEquals(
        "pip install nvidia-cuda-nvrtc-cu12, and name its folder by -Dunnoise.cuda.path=…", newest.otherNvrtc(true));
    assertEquals(
        "pip install --upgrade nvidia-cuda-nvrtc, and name its folder by -Dunnoise.cuda.path=…", newest.otherNvrtc(false));
    CudaLibraries older = machine(Map.of(Library.DRIVER, new Version(12, 4), Library.NVRTC, new Version(12, 4)));
    assertEquals("there is none that the backend cuda takes: try --backend opencl", older.otherNvrtc(true));
    assertEquals(
        "pip install --upgrade nvidia-cuda-nvrtc-cu12, and name its folder by -Dunnoise.cuda.path=…",
        older.otherNvrtc(false));
  }

  @Test
  void theCompilerIsEnoughAndTheRestIsFaster() {
    Map<Library, Version> some = Map.of(Library.DRIVER, new Version(13, 0), Library.NVRTC, new Version(13, 0));
    CudaLibraries libraries = machine(some);
    assertEquals(Optional.empty(), libraries.availabilityProblem());
    assertEquals(Optional.of("slower without cuBLASLt and cuDNN"), libraries.slower());
    assertFalse(libraries.isLoaded(Library.CUDNN));
    assertTrue(libraries.attempts().contains("cuDNN, loader's path: libcudnn.so.9: not found"));
  }

  @Test
  void withEverythingNothingIsSaid() {
    CudaLibraries libraries =
        machine(
            Map.of(
                Library.DRIVER, new Version(13, 0),
                Library.NVRTC, new Version(13, 0),
                Library.CUBLASLT, new Version(13, 1),
                Library.CUDNN, new Version(9, 24)));
    assertEquals(Optional.empty(), libraries.missing());
    assertEquals(Optional.empty(), libraries.slower());
    assertEquals(Optional.of(new Version(9, 24)), libraries.version(Library.CUDNN));
    assertEquals(4, libraries.attempts().size());
  }

  @Test
  void whatIsThereButOfNoUseIsSaidToBe() {
    Outcome older = new Outcome.Refused("it is for CUDA 11.4, expected 12 or newer");
    CudaLibraries libraries = new CudaLibraries(Fakes.nothing(), Fakes.probe((library, candidate, driver) -> older));
    assertEquals(
        "NVIDIA's driver cannot be used: libcuda.so.1: refused: it is for CUDA 11.4, expected 12 or newer",
        libraries.missing().orElseThrow());
  }
}
