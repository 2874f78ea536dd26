package dev.unnoise.backend.cuda.library;

import dev.unnoise.backend.natives.PackedLibraries;
import dev.unnoise.graph.run.UserCache;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The artifact {@code org.bytedeco:cuda-redist}, which has NVRTC, or any other with libraries in the same folder; only
 * the libraries inside are used, and unpacked when it is their turn.
 */
record ClassPathSource(ClassLoader classPath) implements Source {
  static final String FOLDER = "org/bytedeco/cuda/" + PackedLibraries.platform() + "/";

  @Override
  public String name() {
    return "class path";
  }

  @Override
  public Stream<Candidate> candidates(Library library) {
    if (!has(library)) {
      return Stream.of(Candidate.absent(FOLDER, "no " + library.names() + " there"));
    }
    return library.sonames().stream().flatMap(soname -> unpacked(library, soname).stream());
  }

  @Override
  public boolean has(Library library) {
    return library.sonames().stream().anyMatch(soname -> classPath.getResource(FOLDER + soname) != null);
  }

  private Optional<Candidate> unpacked(Library library, String soname) {
    try {
      Optional<PackedLibraries> packed =
          PackedLibraries.find(classPath, FOLDER, soname, file -> library.hasSibling(soname, file));
      if (packed.isEmpty()) {
        return Optional.empty();
      }
      String folder = "cuda-" + library.name().toLowerCase(Locale.ROOT);
      return Optional.of(Candidate.of(library, soname, packed.get().unpack(folder).resolve(soname).toAbsolutePath()));
    } catch (IOException e) {
      String why =
          "cannot be unpacked to " + UserCache.folder() + ": " + e
              + "; name another folder by -D" + UserCache.PROPERTY + "=…";
      return Optional.of(new Candidate.Unusable(FOLDER + soname, new Outcome.Refused(why)));
    }
  }
}
