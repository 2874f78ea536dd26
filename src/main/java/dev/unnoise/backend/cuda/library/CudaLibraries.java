package dev.unnoise.backend.cuda.library;

import dev.unnoise.graph.run.Availability;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * NVIDIA's libraries in this process. Each is looked for and loaded once, when first asked for; where and with which
 * outcome, {@link #attempts()} tells. After that the bindings may call what is {@linkplain #isLoaded loaded}, and only
 * that: they fail to initialise where a function is missing.
 */
public final class CudaLibraries {
  private static final List<Library> REQUIRED = List.of(Library.DRIVER, Library.NVRTC);
  private static final List<Library> OPTIONAL = List.of(Library.CUBLASLT, Library.CUDNN);

  /** The CUDA that libraries are for unless the driver is older. */
  private static final int NEWEST_CUDA = 13;

  /** The package with its compiler. */
  private static final String NEWEST_NVRTC = "nvidia-cuda-nvrtc";

  /** That of the CUDA before it, which compiles for cards that the newest has forgotten. */
  private static final String OLDER_NVRTC = "nvidia-cuda-nvrtc-cu12";

  private static final class Process {
    static final CudaLibraries LIBRARIES = new CudaLibraries(Surroundings.ofThisProcess(), new NativeProbe());
  }

  /** Names libraries, separated by commas, that are not to be used though they are there: {@code cudnn,cublaslt}. */
  public static final String WITHOUT_PROPERTY = "unnoise.cuda.without";

  private final LibraryLoader loader;

  CudaLibraries(Surroundings surroundings, Probe probe) {
    this.loader = new LibraryLoader(new LibrarySearch(surroundings), probe, CudaLibraries::isLeftOut);
  }

  /** Those of this process. */
  public static CudaLibraries ofThisProcess() {
    return Process.LIBRARIES;
  }

  /** Whether a library can be called; looks for it and loads it at the first call. */
  public boolean isLoaded(Library library) {
    return !isLeftOut(library) && loader.load(library).isPresent();
  }

  /** For comparisons, and where one of them makes trouble. What is required cannot be left out. */
  private static boolean isLeftOut(Library library) {
    String named = System.getProperty(WITHOUT_PROPERTY, "");
    return OPTIONAL.contains(library)
        && Stream.of(named.split(",")).anyMatch(name -> name.strip().equalsIgnoreCase(library.name()));
  }

  /** The version of a library, of the driver that of the CUDA it is for; empty if it is not loaded. */
  public Optional<Version> version(Library library) {
    return isLoaded(library) ? loader.load(library).map(Outcome.Found::version) : Optional.empty();
  }

  /**
   * Why the backend cannot run, for {@link dev.unnoise.graph.run.Backend#availability()}; empty if nothing is missing.
   * Without a driver nothing else is looked for, so that the answer is quick on machines that will never need it.
   */
  public Optional<Availability.Missing> availabilityProblem() {
    return missing().map(what -> new Availability.Missing(what, remedy()));
  }

  /** The first that is missing of those without which nothing runs, one line. */
  public Optional<String> missing() {
    return REQUIRED.stream().filter(Predicate.not(this::isLoaded)).findFirst().map(this::describe);
  }

  /** What the backend can do without, and does more slowly without, if any of it is missing; one line. */
  public Optional<String> slower() {
    List<Library> lacking = OPTIONAL.stream().filter(Predicate.not(this::isLoaded)).toList();
    return lacking.isEmpty()
        ? Optional.empty()
        : Optional.of("slower without " + lacking.stream().map(Library::title).collect(Collectors.joining(" and ")));
  }

  private String describe(Library library) {
    return loader.attempts().stream()
        .filter(attempt -> attempt.library() == library && attempt.outcome() instanceof Outcome.Refused)
        .findFirst()
        .map(attempt -> library.title() + " cannot be used: " + attempt.place() + ": " + attempt.outcome())
        .orElse(library.title() + " (" + library.names() + ") was not found");
  }

  /** How to get what is missing, one line. */
  public String remedy() {
    Optional<Version> driver = version(Library.DRIVER);
    String packages =
        driver.isEmpty() || driver.get().major() >= NEWEST_CUDA
            ? NEWEST_NVRTC + " nvidia-cublas nvidia-cudnn-cu13"
            : OLDER_NVRTC + " nvidia-cublas-cu12 nvidia-cudnn-cu12";
    return (driver.isEmpty() ? "install NVIDIA's driver for CUDA 12 or newer, then unless they are there " : "")
        + "pip install " + packages
        + ", or put org.bytedeco:cuda-redist (NVRTC alone) on the class path, or name their folders by -D"
        + LibrarySearch.PATH_PROPERTY + "=…, CUDA_PATH or CUDNN_PATH";
  }

  /**
   * How to get a compiler for a card that the one at hand does not compile for, one line.
   *
   * @param old whether the card is older than those that it compiles for, rather than newer
   */
  public String otherNvrtc(boolean old) {
    boolean olderCuda = version(Library.NVRTC).filter(version -> version.major() < NEWEST_CUDA).isPresent();
    if (old && olderCuda) {
      return "there is none that the backend cuda takes: try --backend opencl";
    }
    boolean olderDriver = version(Library.DRIVER).filter(version -> version.major() < NEWEST_CUDA).isPresent();
    String install = old ? "pip install " : "pip install --upgrade ";
    return install + (old || olderDriver ? OLDER_NVRTC : NEWEST_NVRTC) + ", and name its folder by -D"
        + LibrarySearch.PATH_PROPERTY + "=…";
  }

  /**
   * Everything that has been looked for and what came of it, one line each, and one if what was found is from several
   * places. Looks for what the backend needs and, where it has that, for what makes it faster.
   */
  public List<String> attempts() {
    List<Library> absent = REQUIRED.stream().filter(Predicate.not(this::isLoaded)).toList();
    if (absent.isEmpty()) {
      OPTIONAL.forEach(this::isLoaded);
    }
    List<Attempt> tried = loader.attempts();
    Stream<String> unused =
        OPTIONAL.stream()
            .filter(library -> isLeftOut(library) || tried.stream().noneMatch(attempt -> attempt.library() == library))
            .map(
                library ->
                    library.title()
                        + (isLeftOut(library)
                            ? ": left out by -D" + WITHOUT_PROPERTY
                            : ": not looked for, of no use without the others"));
    return Stream.of(tried.stream().map(Attempt::toString), unused, mixture(tried).stream())
        .flatMap(lines -> lines)
        .toList();
  }

  /** Which libraries came from where, if not all came from one place. */
  private static Optional<String> mixture(List<Attempt> tried) {
    Map<String, String> places =
        tried.stream()
            .filter(attempt -> attempt.library().isRedistributed() && attempt.outcome() instanceof Outcome.Found)
            .collect(
                Collectors.groupingBy(
                    Attempt::origin,
                    LinkedHashMap::new,
                    Collectors.mapping(attempt -> attempt.library().title(), Collectors.joining(" and "))));
    return places.size() < 2
        ? Optional.empty()
        : Optional.of(
            places.entrySet().stream()
                .map(place -> place.getValue() + " from " + place.getKey())
                .collect(Collectors.joining(", ", "mixed: ", "; they may not fit each other")));
  }
}
