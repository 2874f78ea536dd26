package dev.unnoise.backend.cuda.library;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The order in which places are searched, on folders of empty files. */
class LibrarySearchTest {
  private static final List<String> BY_THE_LOADER =
      List.of("loader's path libnvrtc.so.13", "loader's path libnvrtc.so.12");

  @TempDir private Path folder;

  @Test
  void everySourceIsAskedInTheDocumentedOrder() throws IOException {
    for (String place : List.of("cudnn", "said", "CUDNN_PATH", "CUDA_PATH", "CUDA_HOME")) {
      Fakes.files(folder.resolve(place), "lib/libcudnn.so.9", "lib/libcudnn_graph.so.9");
    }
    Fakes.files(folder.resolve("python"), "nvidia/cudnn/lib/libcudnn.so.9", "nvidia/cudnn/lib/libcudnn_graph.so.9");
    Path classes = folder.resolve("classes");
    Fakes.files(classes.resolve(ClassPathSource.FOLDER), "libcudnn.so.9", "libcudnn_graph.so.9");
    try (URLClassLoader classPath = new URLClassLoader(new URL[] {classes.toUri().toURL()}, null)) {
      Surroundings surroundings =
          new Surroundings(
              Map.of("unnoise.cuda.path", folder + "/said", "unnoise.cudnn.path", folder + "/cudnn"),
              Map.of(
                  "CUDA_HOME", folder + "/CUDA_HOME",
                  "CUDA_PATH", folder + "/CUDA_PATH",
                  "CUDNN_PATH", folder + "/CUDNN_PATH"),
              () -> new PythonPath(List.of(folder.resolve("python")), ""),
              classPath);
      assertEquals(
          List.of(
              "-Dunnoise.cudnn.path",
              "-Dunnoise.cuda.path",
              "CUDNN_PATH",
              "CUDA_PATH",
              "CUDA_HOME",
              "loader's path",
              "pip's packages",
              "class path"),
          Fakes.sources(surroundings, Library.CUDNN).stream().map(Source::name).toList());
      List<String> found =
          Fakes.loadable(
              new Surroundings(
                  surroundings.properties(), surroundings.variables(), surroundings.python(), new ClassLoader(null) {}),
              Library.CUDNN);
      assertEquals(
          List.of(
              "-Dunnoise.cudnn.path " + folder + "/cudnn/lib/libcudnn.so.9",
              "-Dunnoise.cuda.path " + folder + "/said/lib/libcudnn.so.9",
              "CUDNN_PATH " + folder + "/CUDNN_PATH/lib/libcudnn.so.9",
              "CUDA_PATH " + folder + "/CUDA_PATH/lib/libcudnn.so.9",
              "CUDA_HOME " + folder + "/CUDA_HOME/lib/libcudnn.so.9",
              "loader's path libcudnn.so.9",
              "pip's packages " + folder + "/python/nvidia/cudnn/lib/libcudnn.so.9"),
          found);
    }
  }

  @Test
  void theDriverIsOnlyWhereDriversAre() throws IOException {
    Fakes.files(folder, "libcuda.so.1");
    assertEquals(
        List.of("-Dunnoise.cuda.path " + folder + "/libcuda.so.1", "loader's path libcuda.so.1"),
        Fakes.loadable(Fakes.properties("unnoise.cuda.path", folder), Library.DRIVER));
    assertEquals(List.of("loader's path libcuda.so.1"), Fakes.loadable(Fakes.variables("CUDA_PATH", folder), Library.DRIVER));
    assertEquals(List.of(), Fakes.unusable(Fakes.nothing(), Library.DRIVER));
  }

  @Test
  void cudnnHasAVariableOfItsOwn() throws IOException {
    Fakes.files(folder, "lib/libnvrtc.so.13", "lib/libnvrtc-builtins.so.13.0");
    assertEquals(BY_THE_LOADER, Fakes.loadable(Fakes.variables("CUDNN_PATH", folder), Library.NVRTC));
  }

  @Test
  void theNewerSonameComesFirstWithinASource() throws IOException {
    Fakes.files(folder, "lib64/libnvrtc.so.12", "lib64/libnvrtc-builtins.so.12.9");
    Fakes.files(folder, "lib/libnvrtc.so.13", "lib/libnvrtc-builtins.so.13.0");
    assertEquals(
        List.of(
            "CUDA_PATH " + folder + "/lib/libnvrtc.so.13",
            "CUDA_PATH " + folder + "/lib64/libnvrtc.so.12",
            BY_THE_LOADER.get(0),
            BY_THE_LOADER.get(1)),
        Fakes.loadable(Fakes.variables("CUDA_PATH", folder), Library.NVRTC));
  }

  @Test
  void anOlderSonameOfAnEarlierSourceComesBeforeANewerOfALater() throws IOException {
    Path said = folder.resolve("said");
    Path home = folder.resolve("home");
    Fakes.files(said, "libcublasLt.so.12");
    Fakes.files(home, "lib64/libcublasLt.so.13");
    Surroundings both =
        new Surroundings(
            Map.of("unnoise.cuda.path", said.toString()),
            Map.of("CUDA_HOME", home.toString()),
            Fakes.noPython(),
            new ClassLoader(null) {});
    assertEquals(
        List.of("-Dunnoise.cuda.path " + said + "/libcublasLt.so.12", "CUDA_HOME " + home + "/lib64/libcublasLt.so.13"),
        Fakes.loadable(both, Library.CUBLASLT).subList(0, 2));
  }

  @Test
  void pipsLayoutsOfBothCudasAreKnown() throws IOException {
    Path newer = folder.resolve("newer");
    Path older = folder.resolve("older");
    Fakes.files(newer, "nvidia/cu13/lib/libnvrtc.so.13", "nvidia/cu13/lib/libnvrtc-builtins.so.13.0");
    Fakes.files(newer, "nvidia/cu13/lib/libcublasLt.so.13");
    Fakes.files(older, "nvidia/cuda_nvrtc/lib/libnvrtc.so.12", "nvidia/cuda_nvrtc/lib/libnvrtc-builtins.so.12.8");
    Fakes.files(older, "nvidia/cublas/lib/libcublasLt.so.12");
    Surroundings pip = Fakes.python(folder.resolve("none"), older, newer);
    assertEquals(
        List.of(
            "pip's packages " + older + "/nvidia/cuda_nvrtc/lib/libnvrtc.so.12",
            "pip's packages " + newer + "/nvidia/cu13/lib/libnvrtc.so.13"),
        Fakes.loadable(pip, Library.NVRTC).subList(2, 4));
    assertEquals(
        List.of(
            "pip's packages " + older + "/nvidia/cublas/lib/libcublasLt.so.12",
            "pip's packages " + newer + "/nvidia/cu13/lib/libcublasLt.so.13"),
        Fakes.loadable(pip, Library.CUBLASLT).subList(2, 4));
  }

  @Test
  void aPropertyMayNameEveryKindOfFolderAndSeveral() throws IOException {
    Path plain = folder.resolve("plain");
    Path toolkit = folder.resolve("toolkit");
    Path packages = folder.resolve("packages");
    Fakes.files(plain, "libcublasLt.so.13");
    Fakes.files(toolkit, "lib64/libcublasLt.so.13");
    Fakes.files(packages, "nvidia/cu13/lib/libcublasLt.so.13");
    assertEquals(
        List.of(
            "-Dunnoise.cuda.path " + plain + "/libcublasLt.so.13",
            "-Dunnoise.cuda.path " + toolkit + "/lib64/libcublasLt.so.13",
            "-Dunnoise.cuda.path " + packages + "/nvidia/cu13/lib/libcublasLt.so.13",
            "-Dunnoise.cuda.path " + packages + "/nvidia/cu13/lib/libcublasLt.so.13"),
        Fakes.loadable(
                Fakes.properties("unnoise.cuda.path", plain, toolkit, packages, packages.resolve("nvidia")),
                Library.CUBLASLT)
            .subList(0, 4));
  }

  @Test
  void builtinsComeBeforeTheCompilerThatNeedsThem() throws IOException {
    Fakes.files(folder, "libnvrtc.so.13", "libnvrtc.so.12");
    Fakes.files(folder, "libnvrtc-builtins.so.13.0", "libnvrtc-builtins.so.13.0.88", "libnvrtc-builtins.alt.so.13.0");
    Fakes.files(folder, "libnvrtc-builtins.so.12.4");
    List<Candidate> candidates =
        new FolderSource("test", List.of(folder), Layout.INSTALLATION).candidates(Library.NVRTC).toList();
    assertEquals(
        List.of(folder + "/libnvrtc-builtins.so.13.0", folder + "/libnvrtc.so.13"),
        assertInstanceOf(Candidate.Loadable.class, candidates.get(0)).inOrder());
    assertEquals(
        List.of(folder + "/libnvrtc-builtins.so.12.4", folder + "/libnvrtc.so.12"),
        assertInstanceOf(Candidate.Loadable.class, candidates.get(1)).inOrder());
  }

  @Test
  void partsAreNotLookedForInOtherFolders() throws IOException {
    Path one = folder.resolve("one");
    Path other = folder.resolve("other");
    Fakes.files(one, "libcudnn.so.9", "libnvrtc.so.13");
    Fakes.files(other, "libcudnn_graph.so.9", "libnvrtc-builtins.so.13.0");
    Surroundings both = Fakes.properties("unnoise.cuda.path", one, other);
    assertTrue(
        Fakes.unusable(both, Library.CUDNN)
            .contains("-Dunnoise.cuda.path " + one + "/libcudnn.so.9: refused: its part libcudnn_graph.so.9 is not beside it"));
    assertTrue(
        Fakes.unusable(both, Library.NVRTC)
            .contains("-Dunnoise.cuda.path " + one + "/libnvrtc.so.13: refused: its part libnvrtc-builtins.so.13.* is not beside it"));
  }

  @Test
  void whatIsNotThereIsSaid() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertEquals(
        List.of(
            "CUDA_HOME " + empty + ": no libnvrtc.so.13 or libnvrtc.so.12 there",
            "CUDA_HOME " + folder + "/nowhere: there is no such folder",
            "pip's packages python3: there is no python3",
            "class path " + ClassPathSource.FOLDER + ": no libnvrtc.so.13 or libnvrtc.so.12 there"),
        Fakes.unusable(Fakes.variables("CUDA_HOME", empty, folder.resolve("nowhere")), Library.NVRTC));
    assertTrue(
        Fakes.unusable(Fakes.python(empty), Library.NVRTC)
            .contains("pip's packages python3: no package of NVIDIA's in its site-packages"));
  }

  @Test
  void emptyVariablesAreNotFolders() {
    Surroundings empty =
        new Surroundings(Map.of(), Map.of("CUDA_HOME", "", "CUDA_PATH", File.pathSeparator), Fakes.noPython(), new ClassLoader(null) {});
    assertEquals(
        List.of("loader's path", "pip's packages", "class path"),
        Fakes.sources(empty, Library.NVRTC).stream().map(Source::name).toList());
  }
}
