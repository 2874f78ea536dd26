package dev.unnoise.testing;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** NVIDIA's own libraries, for tests that need them and no card. */
public final class NvidiaLibraries {
  /** Names their folders, in the form of a path. */
  public static final String VARIABLE = "UNNOISE_CUDA_LIBRARIES";

  private NvidiaLibraries() {}

  private static Optional<String> named() {
    return Optional.ofNullable(System.getenv(VARIABLE)).filter(value -> !value.isBlank());
  }

  /** The folders that the environment names. */
  public static List<Path> folders() {
    return named().stream().flatMap(value -> Stream.of(value.split(":"))).map(Path::of).toList();
  }

  /** What a process has to be started with to find them. */
  public static Map<String, String> environment() {
    String others = System.getenv("LD_LIBRARY_PATH");
    return named()
        .map(value -> Map.of("LD_LIBRARY_PATH", others == null ? value : value + ":" + others))
        .orElse(Map.of());
  }
}
