package dev.unnoise.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.unnoise.image.Tensors;
import dev.unnoise.testing.Evaluate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** The recorded answers of diffusers, through the command line, on every backend. */
class ParityTest {
  private static final Path CASES = Path.of("src/test/resources/cases");

  @TempDir private Path folder;

  static Stream<Arguments> runs() throws IOException {
    List<Arguments> all = new ArrayList<>();
    try (Stream<Path> folders = Files.list(CASES)) {
      for (Path one : folders.filter(Files::isDirectory).sorted().toList()) {
        for (JsonElement run : JsonParser.parseString(Files.readString(one.resolve("runs.json"))).getAsJsonArray()) {
          for (String backend : Evaluate.allBackends()) {
            String name = one.getFileName() + "/" + run.getAsJsonObject().get("name").getAsString();
            all.add(Arguments.of(backend, name, one, run.getAsJsonObject()));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("runs")
  void agreesWithDiffusers(String backend, String name, Path model, JsonObject run) {
    Evaluate.requireDevice(backend);
    Path out = folder.resolve("out.npy");
    List<String> line = new ArrayList<>(List.of(run.get("verb").getAsString(), "--model", model.toString()));
    for (JsonElement argument : run.getAsJsonArray("args")) {
      String text = argument.getAsString();
      line.add(text.endsWith(".npy") ? model.resolve(text).toString() : text);
    }
    line.addAll(List.of("--out", out.toString(), "--backend", backend));
    assertEquals(0, Main.run(line.toArray(String[]::new)));
    Tensors expected = Tensors.read(model.resolve(run.get("expect").getAsString()));
    Tensors actual = Tensors.read(out);
    assertEquals(expected.count(), actual.count());
    assertEquals(expected.shape(), actual.shape());
    double limit = run.get("max_abs").getAsDouble() * Math.max(1, run.get("rms").getAsDouble());
    double error =
        Evaluate.largestDifference(Evaluate.floats(expected.values()), Evaluate.floats(actual.values()));
    assertTrue(error <= limit, "largest error " + error + ", allowed " + limit);
  }
}
