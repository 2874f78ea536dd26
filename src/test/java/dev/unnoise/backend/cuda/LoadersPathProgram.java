package dev.unnoise.backend.cuda;

import dev.unnoise.backend.cuda.library.CudaLibraries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@link LoadersPathTest} runs in a process of its own: looks for libraries, and says which files are open then. */
final class LoadersPathProgram {
  private LoadersPathProgram() {}

  public static void main(String[] arguments) throws IOException {
    CudaLibraries.ofThisProcess().attempts().forEach(line -> System.out.println("tried " + line));
    Files.readAllLines(Path.of("/proc/self/maps")).stream()
        .filter(line -> line.contains("/"))
        .map(line -> "open " + line.substring(line.indexOf('/')))
        .distinct()
        .forEach(System.out::println);
  }
}
