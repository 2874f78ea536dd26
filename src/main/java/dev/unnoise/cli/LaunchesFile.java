package dev.unnoise.cli;

import dev.unnoise.graph.run.LaunchTime;
import dev.unnoise.image.PendingFile;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A table of time per launch, as a file of comma-separated values: one line a launch of a step, in order. The file is
 * there once it is whole.
 */
final class LaunchesFile implements AutoCloseable {
  static final String HEADER = "node,kind,shape,by,engine,us,flop,bytes";

  private final PendingFile file;
  private final OutputStream out;

  /**
   * Begins the file.
   *
   * @throws dev.unnoise.image.ImageException if it cannot be written
   */
  LaunchesFile(Path path) {
    file = new PendingFile(path);
    out = file.open();
  }

  /** Writes the table and puts the file in its place. */
  void write(List<LaunchTime> launches) {
    try (out) {
      out.write(text(launches).getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw file.failure(e);
    }
    file.commit();
  }

  /** The table. Times are microseconds, empty where nothing was measured. */
  static String text(List<LaunchTime> launches) {
    return Stream.concat(Stream.of(HEADER), launches.stream().map(LaunchesFile::line))
        .map(line -> line + "\n")
        .collect(Collectors.joining());
  }

  private static String line(LaunchTime launch) {
    String micros = Double.isNaN(launch.nanos()) ? "" : String.format(Locale.ROOT, "%.3f", launch.nanos() * 1e-3);
    return Stream.of(
            launch.node(),
            launch.kind(),
            launch.shape(),
            launch.by(),
            launch.detail(),
            micros,
            String.valueOf(launch.flop()),
            String.valueOf(launch.bytes()))
        .map(LaunchesFile::cell)
        .collect(Collectors.joining(","));
  }

  private static String cell(String text) {
    boolean plain = text.chars().noneMatch(c -> c == ',' || c == '"' || c == '\n');
    return plain ? text : '"' + text.replace("\"", "\"\"") + '"';
  }

  @Override
  public void close() {
    try (file) {
      out.close();
    } catch (IOException e) {
      throw file.failure(e);
    }
  }
}
