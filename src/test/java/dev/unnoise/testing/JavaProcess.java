package dev.unnoise.testing;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program of ours that has run in a process of its own, for what a process settles once: which drivers there are.
 *
 * @param said on both streams, in the order it was said
 */
public record JavaProcess(int exit, String said) {
  /** Names the folder of PoCL's cache. */
  private static final String POCL_CACHE = "POCL_CACHE_DIR";

  /** Far beyond what any of them takes: a process that hangs should not keep a test from ending. */
  private static final long MINUTES = 5;

  /** Runs it to its end, with what is added to this process's environment. */
  public static JavaProcess run(Class<?> program, Map<String, String> environment, String... arguments)
      throws IOException, InterruptedException {
    List<String> line =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                program.getName()));
    line.addAll(List.of(arguments));
    Path out = Files.createTempFile("program", ".out");
    try {
      ProcessBuilder builder = new ProcessBuilder(line);
      // PoCL's cache does not stand two processes that compile at once.
      builder.environment().put(POCL_CACHE, Path.of("target", "pocl-of-processes").toAbsolutePath().toString());
      builder.environment().putAll(environment);
      Process process = builder.redirectErrorStream(true).redirectOutput(out.toFile()).start();
      if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
        process.destroyForcibly();
        throw new IOException(program.getSimpleName() + " did not end: " + Files.readString(out));
      }
      return new JavaProcess(process.exitValue(), Files.readString(out));
    } finally {
      Files.delete(out);
    }
  }
}
