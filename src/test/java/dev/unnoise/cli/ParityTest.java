package dev.unnoise.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.image.Tensors;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.Target;
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

  /** In other precisions than single: roundings at most, relative to the root mean square. */
  private static final double EVALUATION_ROUNDINGS = 10;

  private static final double SAMPLING_ROUNDINGS = 120;

  @TempDir private Path folder;

  static Stream<Arguments> runs() throws IOException {
    List<Arguments> all = new ArrayList<>();
    try (Stream<Path> folders = Files.list(CASES)) {
      for (Path one : folders.filter(Files::isDirectory).sorted().toList()) {
        for (JsonElement run : JsonParser.parseString(Files.readString(one.resolve("runs.json"))).getAsJsonArray()) {
          for (Target target : Target.of(Evaluate.allBackends()).toList()) {
            String name = one.getFileName() + "/" + run.getAsJsonObject().get("name").getAsString();
            all.add(Arguments.of(target, name, one, run.getAsJsonObject()));
          }
        }
      }
    }
    return all.stream();
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("runs")
  void agreesWithDiffusers(Target target, String name, Path model, JsonObject run) {
    Evaluate.requireDevice(target.backend());
    Path out = folder.resolve("out.npy");
    List<String> line = new ArrayList<>(List.of(run.get("verb").getAsString(), "--model", model.toString()));
    for (JsonElement argument : run.getAsJsonArray("args")) {
      String text = argument.getAsString();
      line.add(text.endsWith(".npy") ? model.resolve(text).toString() : text);
    }
    line.addAll(List.of("--out", out.toString(), "--backend", target.backend()));
    line.addAll(List.of("--precision", target.precision().label()));
    assertEquals(0, Main.run(line.toArray(String[]::new)));
    Tensors expected = Tensors.read(model.resolve(run.get("expect").getAsString()));
    Tensors actual = Tensors.read(out);
    assertEquals(expected.count(), actual.count());
    assertEquals(expected.shape(), actual.shape());
    float[] answer = Evaluate.floats(expected.values());
    float[] ours = Evaluate.floats(actual.values());
    if (target.precision() == Precision.FP32) {
      double limit = run.get("max_abs").getAsDouble() * Math.max(1, run.get("rms").getAsDouble());
      double error = Evaluate.largestDifference(answer, ours);
      assertTrue(error <= limit, "largest error " + error + ", allowed " + limit);
    } else {
      // The answers were computed in single precision: others drift from it, and from step to step.
      boolean sampled = run.get("verb").getAsString().equals("sample");
      double limit = target.unit() * (sampled ? SAMPLING_ROUNDINGS : EVALUATION_ROUNDINGS);
      double error = Math.sqrt(Evaluate.normalizedError(answer, ours));
      assertTrue(error <= limit, "relative error " + error + ", allowed " + limit);
    }
  }
}
