package dev.unnoise.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.run.LaunchTime;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
  private static final String MODEL = "src/test/resources/cases/ddpm-tiny";

  @TempDir private Path folder;

  @Test
  void writesTheTimeOfEveryLaunch() throws IOException {
    Path file = folder.resolve("launches.csv");
    int exit =
        Main.run(
            "bench", "--backend", "reference", "--model", MODEL, "--batch", "2", "--steps", "1", "--launches",
            file.toString());
    assertEquals(0, exit);
    List<String> lines = Files.readAllLines(file);
    assertEquals("node,kind,shape,by,engine,us,flop,bytes", lines.getFirst());
    assertTrue(
        lines.get(1).matches("conv_in,Convolution 3×3,16x16x3-16x16x16-f32,Java,,\\d+\\.\\d{3},442368,40704"),
        lines.get(1));
    assertTrue(
        lines.getLast().matches("reverse_step,sampling,16x16x3-16x16x3-f32,Java,,\\d+\\.\\d{3},0,18432"),
        lines.getLast());
    lines.forEach(line -> assertEquals(8, line.split(",", -1).length, line));
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(file), files.toList(), "nothing else is left");
    }
  }

  @Test
  void cellsWithCommasAreQuotedAndTimesMayBeMissing() {
    LaunchTime launch = new LaunchTime("a,b", "c", "d", "e", "say \"f\"", 1, 2, Double.NaN);
    assertEquals(LaunchesFile.HEADER + "\n\"a,b\",c,d,e,\"say \"\"f\"\"\",,1,2\n", LaunchesFile.text(List.of(launch)));
  }

  @Test
  void aTableThatIsNotWrittenLeavesNothing() throws IOException {
    try (LaunchesFile unwritten = new LaunchesFile(folder.resolve("launches.csv"))) {
      // Measuring fails here.
    }
    try (Stream<Path> files = Files.list(folder)) {
      assertEquals(List.of(), files.toList());
    }
  }
}
