package dev.unnoise.backend.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.unnoise.cli.CommandLines;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.image.Tensors;
import dev.unnoise.sampling.Pipeline;
import dev.unnoise.sampling.SampleRequest;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.NormalWeights;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** What {@link CudaBackendTest} runs in a process of its own: the numbers that come out. */
final class CudaParityProgram {
  private static final Path CASES = Path.of("src/test/resources/cases");

  /** Small ones that have in common as little as possible. */
  private static final List<String> RUNS =
      List.of(
          "class-tiny/ddim-8-guided",
          "ddim-config/default",
          "dynamic-thresholding/ddim-eta",
          "dynamic-thresholding/ddpm-7",
          "fourier/ddim-5",
          "mish-bf16/predict-t3",
          "resnet-blocks-learned-range/ddpm-9",
          "timestep-classes/ddim-5",
          "zero-snr-v-prediction/ddim-5");

  /** Fewer than elsewhere: stubs compute thread by thread. */
  private static final int SEEDS = 12;

  private static final int WIDE_SEEDS = 5;

  private static final int IMAGES = 3;

  /** Mean squared error as a share of the mean square: single precision rounds at about 1e-15. */
  private static final double LIMIT = 1e-11;

  private final StubWork work;
  private final Path folder;

  private CudaParityProgram(StubWork work, Path folder) {
    this.work = work;
    this.folder = folder;
  }

  /** Takes the folder of the stubs, one for caches, and which part to run. */
  public static void main(String[] arguments) throws Exception {
    CudaParityProgram program = new CudaParityProgram(new StubWork(arguments), Path.of(arguments[1]));
    switch (arguments[2]) {
      case "recorded cases" -> program.recordedCases();
      case "nodes" -> program.nodes();
      case "batches" -> program.batches();
      case String other -> throw new IllegalArgumentException(other);
    }
    System.out.println("done");
  }

  /** Answers of diffusers: with classes, guidance, and everything that a step may have to do. */
  private void recordedCases() throws IOException {
    int compared = 0;
    for (String name : RUNS) {
      Path run = CASES.resolve(name);
      for (JsonElement one : JsonParser.parseString(Files.readString(run.resolveSibling("runs.json"))).getAsJsonArray()) {
        if (one.getAsJsonObject().get("name").getAsString().equals(run.getFileName().toString())) {
          compare(run.getParent(), one.getAsJsonObject());
          compared++;
        }
      }
    }
    assertEquals(RUNS.size(), compared, "a run is not there");
  }

  private void compare(Path model, JsonObject run) {
    Path out = folder.resolve("out.npy");
    List<String> line = new ArrayList<>(List.of(run.get("verb").getAsString(), "--model", model.toString()));
    for (JsonElement argument : run.getAsJsonArray("args")) {
      String text = argument.getAsString();
      line.add(text.endsWith(".npy") ? model.resolve(text).toString() : text);
    }
    line.addAll(List.of("--out", out.toString(), "--backend", "cuda"));
    String what = String.join(" ", line);
    assertEquals(0, CommandLines.run(line.toArray(String[]::new)), what);
    Tensors expected = Tensors.read(model.resolve(run.get("expect").getAsString()));
    double limit = run.get("max_abs").getAsDouble() * Math.max(1, run.get("rms").getAsDouble());
    float[] actual = Evaluate.floats(Tensors.read(out).values());
    double error = Evaluate.largestDifference(Evaluate.floats(expected.values()), actual);
    assertTrue(error <= limit, what + ": largest error " + error + ", allowed " + limit);
    work.requireNothingLeft(what);
  }

  private void nodes() {
    try (Device reference = Evaluate.open("reference");
        Device device = StubWork.open()) {
      for (Class<? extends Node> kind : NodeCase.KINDS) {
        for (long seed = 0; seed < SEEDS; seed++) {
          compare(reference, device, NodeCase.network(kind, seed), seed);
        }
      }
      for (Class<? extends Node> kind : NodeCase.PRODUCTS) {
        for (long seed = 0; seed < WIDE_SEEDS; seed++) {
          compare(reference, device, NodeCase.wide(kind, seed), seed);
        }
      }
    }
    work.requireNothingLeft("after all nodes");
  }

  private static void compare(Device reference, Device device, Network network, long seed) {
    float[] x = Evaluate.normals(seed, IMAGES * network.sampleShape().elements());
    int[] labels = network.labelled() ? new int[] {6, 0, 3} : new int[0];
    NormalWeights weights = new NormalWeights(seed);
    float[] expected = Evaluate.predict(reference, network, weights, x, IMAGES, 123, labels);
    float[] actual = Evaluate.predict(device, network, weights, x, IMAGES, 123, labels);
    double error = Evaluate.normalizedError(expected, actual);
    assertTrue(error < LIMIT, network.denoiser().nodes().getLast() + ": normalised error " + error);
  }

  /** Image k has the same bits in any batch, at any place of it. */
  private void batches() {
    try (Device device = StubWork.open()) {
      for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
        for (Network network : List.of(StubWork.tiny(), StubWork.compact())) {
          try (Pipeline pipeline = new Pipeline(device, network, work.weights, precision)) {
            byte[] together = sample(pipeline, network, 5);
            for (int batch : new int[] {1, 2, 3}) {
              assertArrayEquals(together, sample(pipeline, network, batch), precision + " in batches of " + batch);
            }
          }
        }
      }
    }
    work.requireNothingLeft("after all batches");
  }

  private static byte[] sample(Pipeline pipeline, Network network, int batch) {
    SampleRequest request = StubWork.request(network, 2, 5).inBatchesOf(batch).numbered(5, 10);
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    pipeline.sample(request, (images, count) -> all.writeBytes(images.toArray(ValueLayout.JAVA_BYTE)));
    return all.toByteArray();
  }
}
