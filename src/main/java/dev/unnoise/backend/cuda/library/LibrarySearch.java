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
 * CUDA, what the system's loader knows, and last what takes time, pip's packages and a jar that has to be unpacked.
 */
final class LibrarySearch {
  /** Folders with any of the libraries, separated as in a PATH. */
  static final String PATH_PROPERTY = "unnoise.cuda.path";

  /** Folders with cuDNN, before those of the other property. */
  static final String CUDNN_PROPERTY = "unnoise.cudnn.path";

  private static final String CUDNN_VARIABLE = "CUDNN_PATH";
  private static final List<String> CUDA_VARIABLES = List.of("CUDA_PATH", "CUDA_HOME");

  private final Surroundings surroundings;
  private final Source python;

  LibrarySearch(Surroundings surroundings) {
    this.surroundings = surroundings;
    this.python = new PythonSource(surroundings.python());
  }

  /** The sources to ask for a library, in order. */
  List<Source> sources(Library library) {
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
    sources.add(new LoaderSource());
    if (library.isRedistributed()) {
      sources.add(python);
      sources.add(new ClassPathSource(surroundings.classPath()));
    }
    return sources;
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
