package dev.unnoise.backend.cpu.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Affine;
import dev.unnoise.graph.Convolution;
import dev.unnoise.graph.Epilogue;
import dev.unnoise.graph.GraphBuilder;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Shape;
import dev.unnoise.graph.SinusoidalEmbedding;
import dev.unnoise.graph.Tensor;
import dev.unnoise.graph.Window;
import dev.unnoise.graph.run.Device;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WinogradTest {
  /** y = Aᵀ((G g) · (Bᵀ d)) along one axis is the correlation of d with g. */
  @Test
  void oneDimensionalTransformsFilterSixInputsToFourOutputs() {
    Random random = new Random(1);
    float[] kernel = new float[9];
    for (int x = 0; x < 3; x++) {
      kernel[3 + x] = random.nextFloat() - 0.5f;
    }
    float[][] points = WinogradTransform.kernels(kernel, 1, 1);
    float[][] d = new float[6][1];
    float[] inputs = new float[6];
    for (int i = 0; i < 6; i++) {
      inputs[i] = random.nextFloat() - 0.5f;
      d[i][0] = inputs[i];
    }
    WinogradTransform.input(d[0], d[1], d[2], d[3], d[4], d[5], 1);
    // Only the middle row of the kernel is set: rows 1 and 2 of its column transform are -1/6 of it.
    for (int q = 0; q < 6; q++) {
      d[q][0] *= -6 * points[6 + q][0];
    }
    WinogradTransform.output(d[0], d[1], d[2], d[3], d[4], d[5], 1);
    for (int i = 0; i < 4; i++) {
      double expected = 0;
      for (int x = 0; x < 3; x++) {
        expected += inputs[i + x] * kernel[3 + x];
      }
      assertEquals(expected, d[i][0], 1e-6);
    }
  }

  @ParameterizedTest(name = "{0} to {1} channels, {2}×{3}, residual {4}")
  @CsvSource({
    "128, 128, 16, 16, false",
    "96, 200, 16, 16, true",
    "300, 60, 15, 18, true",
    "150, 120, 13, 17, false",
    "128, 130, 33, 5, true",
    "128, 128, 64, 60, true",
  })
  void agreesWithReference(int in, int out, int height, int width, boolean residual) {
    Network network = network(in, out, height, width, residual);
    assertTrue(WinogradRecipe.pays((Convolution) network.denoiser().nodes().getLast()));
    NormalWeights weights = new NormalWeights(3);
    float[] x = Evaluate.normals(4, 3 * network.sampleShape().elements());
    try (Device reference = Evaluate.open("reference");
        Device cpu = Evaluate.open("cpu")) {
      float[] expected = Evaluate.predict(reference, network, weights, x, 3, 77);
      float[] actual = Evaluate.predict(cpu, network, weights, x, 3, 77);
      double error = Evaluate.normalizedError(expected, actual);
      // Direct convolutions come to about 1e-14: the transforms cost one decimal of precision.
      assertTrue(error < 1e-11, "normalised error " + error);
    }
  }

  @Test
  void isNotUsedForSmallOrStridedConvolutions() {
    assertFalse(pays(127, 128, 16, 16));
    assertFalse(pays(256, 256, 8, 8));
    Tensor source = Tensor.dense("x", new Shape(128, 32, 32));
    Window halving = Window.halving(1, 1);
    Tensor output = Tensor.dense("y", Convolution.infer("y", source, 128, halving, false));
    assertFalse(
        WinogradRecipe.pays(
            new Convolution(
                "y", source, weight(128, 128), Optional.empty(), halving, false, Epilogue.NONE, output)));
  }

  private static boolean pays(int in, int out, int height, int width) {
    return WinogradRecipe.pays(
        (Convolution) network(in, out, height, width, false).denoiser().nodes().getLast());
  }

  private static Network network(int in, int out, int height, int width, boolean residual) {
    GraphBuilder graph = new GraphBuilder("denoiser");
    Tensor sample = graph.input(Network.SAMPLE, new Shape(in + out, height, width));
    Tensor conditioning = graph.input(Network.CONDITIONING, Shape.vector(out));
    graph.input(Network.TIMESTEP, Shape.vector(1));
    Tensor source = copy(graph, "source", sample.slice("source.part", 0, in));
    Tensor added = copy(graph, "added", sample.slice("added.part", in, out));
    Epilogue epilogue = Epilogue.NONE.withConditioning(conditioning);
    Convolution convolution =
        new Convolution(
            "convolution",
            source,
            weight(out, in),
            Optional.of(new Parameter.Stored("bias", List.of(out))),
            Window.SAME_3X3,
            false,
            residual ? epilogue.withResidual(added, 0.5f) : epilogue,
            Tensor.dense("convolution", added.shape()));
    Tensor result = graph.append(convolution);
    GraphBuilder before = new GraphBuilder("conditioning");
    Tensor timestep = before.input(Network.TIMESTEP, Shape.vector(1));
    Tensor embedding = Tensor.dense(Network.CONDITIONING, Shape.vector(out));
    before.append(new SinusoidalEmbedding("embedding", timestep, true, 0, embedding));
    return new Network(before.build(embedding), graph.build(result));
  }

  private static Tensor copy(GraphBuilder graph, String name, Tensor from) {
    return graph.append(new Affine(name, from, 1, 0, Tensor.dense(name, from.shape())));
  }

  private static Parameter weight(int out, int in) {
    return new Parameter.Stored("weight", List.of(out, in, 3, 3));
  }
}
