package dev.unnoise.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code unnoise kernels}. */
class KernelsCommandTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"cuda, .cu, fp32", "cuda, .cu, bf16", "opencl, .cl, fp16"})
  void writesProgramsAndTheirOptions(String dialect, String ending, String precision) throws IOException {
    Path out = folder.resolve("new/" + dialect);
    assertEquals(
        0, CommandLines.run("kernels", "--dialect", dialect, "--precision", precision, "--out", out.toString()));
    Map<String, List<Path>> written;
    try (Stream<Path> files = Files.list(out)) {
      written = files.collect(Collectors.groupingBy(file -> file.toString().replaceFirst(".*\\.", ".")));
    }
    assertEquals(List.of(".options", ending).stream().sorted().toList(), written.keySet().stream().sorted().toList());
    assertTrue(written.get(ending).size() > 8, written.toString());
    for (Path source : written.get(ending)) {
      assertTrue(Files.readString(source).contains("#define KERNEL"), source + " has no prelude");
      Path options = Path.of(source.toString().replaceFirst("\\.\\w+$", ".options"));
      assertEquals(1, Files.readAllLines(options).size(), options.toString());
    }
  }
}
