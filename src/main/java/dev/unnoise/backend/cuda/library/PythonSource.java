package dev.unnoise.backend.cuda.library;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** What pip has installed for the Python on the PATH, which is asked once, when first needed: it takes its time. */
final class PythonSource implements Source {
  static final String NAME = "pip's packages";

  private final Supplier<PythonPath> python;
  private PythonPath answer;

  PythonSource(Supplier<PythonPath> python) {
    this.python = python;
  }

  /** What pip has installed into a {@code site-packages} folder. */
  static Source of(Path folder) {
    return new FolderSource(NAME, List.of(folder), Layout.PIP);
  }

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Stream<Candidate> candidates(Library library) {
    if (!answer().problem().isEmpty()) {
      return Stream.of(Candidate.absent("python3", answer().problem()));
    }
    List<Path> folders = folders();
    return folders.isEmpty()
        ? Stream.of(Candidate.absent("python3", "no package of NVIDIA's in its site-packages"))
        : folders.stream().flatMap(folder -> of(folder).candidates(library));
  }

  @Override
  public Stream<Source> places() {
    List<Path> folders = folders();
    return folders.isEmpty() ? Stream.of(this) : folders.stream().map(PythonSource::of);
  }

  private PythonPath answer() {
    if (answer == null) {
      answer = python.get();
    }
    return answer;
  }

  private List<Path> folders() {
    return answer().folders().stream().filter(folder -> Files.isDirectory(folder.resolve("nvidia"))).toList();
  }
}
