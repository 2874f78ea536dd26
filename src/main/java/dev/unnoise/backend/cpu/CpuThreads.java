package dev.unnoise.backend.cpu;

import dev.unnoise.graph.run.BackendException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;

/** How many threads to compute with: one per physical core, since two threads of a core share its vector units. */
final class CpuThreads {
  /** Overrides the number. */
  static final String PROPERTY = "unnoise.cpu.threads";

  private static final Path TOPOLOGY = Path.of("/sys/devices/system/cpu");

  private CpuThreads() {}

  static int count() {
    String chosen = System.getProperty(PROPERTY);
    if (chosen == null) {
      return Math.clamp(physicalCores(), 1, Runtime.getRuntime().availableProcessors());
    }
    try {
      int count = Integer.parseInt(chosen);
      if (count >= 1) {
        return count;
      }
    } catch (NumberFormatException e) {
      throw new BackendException(PROPERTY + " is " + chosen + ", expected a whole number of at least 1", e);
    }
    throw new BackendException(PROPERTY + " is " + chosen + ", expected a whole number of at least 1");
  }

  /** Physical cores of the machine, or the number of processors where the system does not tell. */
  private static int physicalCores() {
    Set<String> cores = new HashSet<>();
    if (Files.isDirectory(TOPOLOGY)) {
      try (DirectoryStream<Path> processors = Files.newDirectoryStream(TOPOLOGY, "cpu[0-9]*")) {
        for (Path processor : processors) {
          Path siblings = processor.resolve("topology/thread_siblings_list");
          if (Files.isReadable(siblings)) {
            cores.add(Files.readString(siblings).strip());
          }
        }
      } catch (IOException e) {
        return Runtime.getRuntime().availableProcessors();
      }
    }
    return cores.isEmpty() ? Runtime.getRuntime().availableProcessors() : cores.size();
  }
}
