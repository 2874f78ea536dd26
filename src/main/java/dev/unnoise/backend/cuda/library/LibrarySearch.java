package dev.unnoise.backend.cuda.library;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where libraries are looked for, and in which order: what somebody said about unnoise, what the environment says about
 * CUDA, what pip has installed beside that, what the system's loader knows, and last what takes time, all of pip's
 * packages and a jar that has to be unpacked.
 */
final class LibrarySearch {
  /** Folders with any of the libraries, separated as in a PATH. */
  static final String PATH_PROPERTY = "unnoise.cuda.path";

  /** Folders with cuDNN, before those of the other property. */
  static final String CUDNN_PROPERTY = "unnoise.cudnn.path";

  private static final String CUDNN_VARIABLE = "CUDNN_PATH";
  private static final List<String> CUDA_VARIABLES = List.of("CUDA_PATH", "CUDA_HOME");

  private static final Source LOADER = new LoaderSource();

  private final Surroundings surroundings;
  private final List<Source> redistributed;

  LibrarySearch(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.redistributed =
        List.of(LOADER, new PythonSource(surroundings.python()), new ClassPathSource(surroundings.classPath()));
  }

  /** Where somebody said a library is, and beside what somebody named of the others, in order. */
  List<Source> named(Library library) {
    List<Source> sources = new ArrayList<>(said(library));
    if (library.isRedistributed()) {
      packagesOfNamed().filter(packages -> packages.has(library)).forEach(sources::add);
    }
    return sources;
  }

  /** Where to look for a library that nobody named, in order. */
  List<Source> unnamed(Library library) {
    return library.isRedistributed() ? redistributed : List.of(LOADER);
  }

  /** The single places where all unnamed libraries may be together. Lazy: Python is asked when it is its turn. */
  Stream<Source> places() {
    return redistributed.stream().flatMap(Source::places);
  }

  private List<Source> said(Library library) {
    List<Source> sources = new ArrayList<>();
    if (library == Library.CUDNN) {
      property(CUDNN_PROPERTY).ifPresent(sources::add);
    }
    property(PATH_PROPERTY).ifPresent(sources::add);
    if (library == Library.CUDNN) {
      variable(CUDNN_VARIABLE).ifPresent(sources::add);
    }
    if (library.isRedistributed()) {
      CUDA_VARIABLES.forEach(name -> variable(name).ifPresent(sources::add));
    }
    return sources;
  }

  /** The {@code site-packages} folders of libraries that somebody named: what was installed with them fits them. */
  private Stream<Source> packagesOfNamed() {
    return Stream.of(Library.values())
        .filter(Library::isRedistributed)
        .flatMap(library -> said(library).stream().flatMap(source -> source.candidates(library)))
        .filter(Candidate.Loadable.class::isInstance)
        .flatMap(candidate -> Layout.packages(Path.of(candidate.place())).stream())
        .distinct()
        .map(PythonSource::of);
  }

  private Optional<Source> property(String name) {
    return named("-D" + name, surroundings.properties().get(name), Layout.ANY);
  }

  private Optional<Source> variable(String name) {
    return named(name, surroundings.variables().get(name), Layout.INSTALLATION);
  }

  private static Optional<Source> named(String title, String value, List<String> inside) {
    if (value == null) {
      return Optional.empty();
    }
    List<Path> folders =
        Stream.of(value.split(File.pathSeparator)).filter(folder -> !folder.isBlank()).map(Path::of).toList();
    return folders.isEmpty() ? Optional.empty() : Optional.of(new FolderSource(title, folders, inside));
  }
}
