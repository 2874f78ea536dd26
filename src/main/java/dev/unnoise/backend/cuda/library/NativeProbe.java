package dev.unnoise.backend.cuda.library;

import java.io.IOException;
import java.lang.foreign.SymbolLookup;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Opens a library, looks whether it has every function that the bindings call and is new enough, and only then loads it
 * where the bindings find it: among the libraries of this class's loader, which is theirs, too.
 */
final class NativeProbe implements Probe {
  /**
   * A library and its parts.
   *
   * @param opened in order
   */
  private record Opening(Library library, Outcome outcome, List<DynamicLoader.Opened> opened) implements Trial {
    @Override
    public Outcome load() {
      Outcome loaded = outcome instanceof Outcome.Found found ? NativeProbe.load(library, found) : outcome;
      // What was found stays open: later look-ups by soname, NVIDIA's own among them, are answered with what is open.
      if (!(loaded instanceof Outcome.Found)) {
        close();
      }
      return loaded;
    }

    @Override
    public void close() {
      opened.reversed().forEach(DynamicLoader.Opened::close);
      opened.clear();
    }
  }

  @Override
  public Trial open(Library library, Candidate.Loadable candidate, Optional<Version> driver) {
    List<DynamicLoader.Opened> opened = new ArrayList<>();
    boolean hasParts = library.companion(candidate.library()).isPresent();
    Outcome outcome =
        candidate.isNamed() && hasParts
            ? tryOutByName(library, candidate.library(), driver, opened)
            : tryOut(library, candidate, driver, opened);
    Trial trial = new Opening(library, outcome, opened);
    if (!(outcome instanceof Outcome.Found)) {
      trial.close();
    }
    return trial;
  }

  /** Asks the loader where the library is: its parts are opened from there, before anybody calls it. */
  private static Outcome tryOutByName(
      Library library, String soname, Optional<Version> driver, List<DynamicLoader.Opened> opened) {
    Path file;
    try {
      opened.add(DynamicLoader.ofThisSystem().open(soname));
      file = opened.getLast().file();
    } catch (DynamicLoader.CannotOpenException e) {
      return isUnknown(soname, e.getMessage()) ? new Outcome.Absent("not found") : new Outcome.Refused(e.getMessage());
    } catch (UnsupportedOperationException | IllegalStateException e) {
      return new Outcome.Refused(e.getMessage());
    }
    return switch (Candidate.found(library, soname, file)) {
      case Candidate.Loadable whole -> tryOut(library, whole, driver, opened);
      case Candidate.Unusable lacking when library == Library.NVRTC -> {
        // It looks for its part again when it compiles, and may know of places that nobody else does.
        Outcome alone = tryOut(library, new Candidate.Loadable(List.of(), soname), driver, opened);
        yield alone instanceof Outcome.Found(Path itself, Version version, String _)
            ? new Outcome.Found(itself, version, lacking.why())
            : alone;
      }
      case Candidate.Unusable lacking -> new Outcome.Refused(lacking.place() + ": " + lacking.why());
    };
  }

  private static Outcome tryOut(
      Library library, Candidate.Loadable candidate, Optional<Version> driver, List<DynamicLoader.Opened> opened) {
    String asked = "";
    try {
      DynamicLoader loader = DynamicLoader.ofThisSystem();
      for (String name : candidate.inOrder()) {
        asked = name;
        opened.add(loader.open(name));
      }
      DynamicLoader.Opened main = opened.getLast();
      if (library == Library.CUDNN) {
        Optional<String> stray = strayPart(loader, candidate);
        if (stray.isPresent()) {
          return new Outcome.Refused(stray.get());
        }
      }
      return examine(library, main, driver);
    } catch (DynamicLoader.CannotOpenException e) {
      if (!isUnknown(asked, e.getMessage())) {
        return new Outcome.Refused(e.getMessage());
      }
      return new Outcome.Absent("not found");
    } catch (UnsupportedOperationException | IllegalStateException e) {
      return new Outcome.Refused(e.getMessage());
    }
  }

  /** A soname that leads to no file is quoted as it was given; of a file, the loader says the path. */
  private static boolean isUnknown(String asked, String complaint) {
    return asked.indexOf('/') < 0 && complaint.startsWith(asked + ":");
  }

  /**
   * cuDNN opens its parts by soname, and gets those that the process has open, be they of another cuDNN: one that was
   * refused before and could not be unloaded, or one that another program in this process uses.
   */
  private static Optional<String> strayPart(
      DynamicLoader loader, Candidate.Loadable candidate) throws DynamicLoader.CannotOpenException {
    for (String companion : candidate.companions()) {
      Path file = Path.of(companion);
      try (DynamicLoader.Opened part = loader.open(file.getFileName().toString())) {
        if (!Files.isSameFile(part.file(), file)) {
          return Optional.of("this process has the part " + part.file() + " of another one open");
        }
      } catch (IOException e) {
        return Optional.of("its parts cannot be compared with what is open: " + e);
      }
    }
    return Optional.empty();
  }

  private static Outcome examine(Library library, DynamicLoader.Opened main, Optional<Version> driver) {
    Optional<String> lacking = library.functions().stream().filter(name -> main.find(name).isEmpty()).findFirst();
    if (lacking.isPresent()) {
      return new Outcome.Refused("it has no function " + lacking.get());
    }
    Version version = VersionReader.read(library, main);
    if (version.major() < library.oldestMajor()) {
      String what = library == Library.DRIVER ? "it is for CUDA " : "its version is ";
      return new Outcome.Refused(what + version + ", expected " + library.oldestMajor() + " or newer");
    }
    int cuda = VersionReader.cudaMajor(library, version, main);
    if (driver.isPresent() && cuda > driver.get().major()) {
      return new Outcome.Refused("it is for CUDA " + cuda + ", the driver only for CUDA " + driver.get());
    }
    return new Outcome.Found(main.file(), version);
  }

  private static Outcome load(Library library, Outcome.Found found) {
    try {
      System.load(found.file().toString());
    } catch (UnsatisfiedLinkError e) {
      return new Outcome.Refused(e.getMessage());
    }
    SymbolLookup visible = SymbolLookup.loaderLookup();
    return library.functions().stream()
        .filter(name -> visible.find(name).isEmpty())
        .findFirst()
        .<Outcome>map(name -> new Outcome.Refused("Java does not see its function " + name))
        .orElse(found);
  }
}
