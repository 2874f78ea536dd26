package dev.unnoise.backend.cuda.library;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where libraries lie inside the folders that people and tools name. */
final class Layout {
  private static final boolean ARM = System.getProperty("os.arch").equals("aarch64");

  /** Inside a {@code site-packages} folder: cuDNN, all of CUDA 13, and the single parts of CUDA 12. */
  static final List<String> PIP =
      List.of("nvidia/cudnn/lib", "nvidia/cu13/lib", "nvidia/cuda_nvrtc/lib", "nvidia/cublas/lib");

  /** Inside an installation of CUDA or cuDNN: itself if it is the folder of libraries, NVIDIA's, Debian's. */
  static final List<String> INSTALLATION =
      List.of(
          "",
          "lib64",
          "lib",
          "targets/" + (ARM ? "sbsa" : "x86_64") + "-linux/lib",
          "lib/" + (ARM ? "aarch64" : "x86_64") + "-linux-gnu");

  /** Inside whatever somebody names: an installation, a {@code site-packages} folder, or {@code nvidia} inside one. */
  static final List<String> ANY =
      Stream.of(INSTALLATION, PIP, PIP.stream().map(place -> place.substring("nvidia/".length())).toList())
          .flatMap(List::stream)
          .toList();

  private Layout() {}

  /** The {@code site-packages} folder of a file that lies where pip puts libraries. */
  static Optional<Path> packages(Path file) {
    Path folder = file.toAbsolutePath().normalize().getParent();
    return PIP.stream()
        .filter(folder::endsWith)
        .findFirst()
        .map(place -> folder.resolve("../".repeat(Path.of(place).getNameCount())).normalize());
  }
}
