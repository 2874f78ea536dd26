package dev.unnoise.backend.cuda.library;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What pip has installed for the Python on the PATH, which is asked once, when first needed: it takes its time. */
final class PythonSource implements Source {
  private final Supplier<PythonPath> python;
  private PythonPath answer;

  PythonSource(Supplier<PythonPath> python) {
    this.python = python;
  }

  @Override
  public String name() {
    return "pip's packages";
  }

  @Override
  public Stream<Candidate> candidates(Library library) {
    if (answer == null) {
      answer = python.get();
    }
    if (!answer.problem().isEmpty()) {
      return Stream.of(Candidate.absent("python3", answer.problem()));
    }
    List<Path> folders =
        answer.folders().stream().filter(folder -> Files.isDirectory(folder.resolve("nvidia"))).toList();
    return folders.isEmpty()
        ? Stream.of(Candidate.absent("python3", "no package of NVIDIA's in its site-packages"))
        : new FolderSource(name(), folders, Layout.PIP).candidates(library);
  }
}
