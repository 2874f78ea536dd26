package dev.unnoise.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Activations and weights stored in 16 bits: every kernel rounds about as often as the numbers it stores. */
class PrecisionTest {
  private static final int IMAGES = 2;

  /**
   * @param unit relative rounding error of the type: half a unit in the last place
   */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({"processor, FP16, 4.9e-4", "card, BF16, 3.9e-3"})
  void nodesRoundAFewTimes(String shape, Precision precision, double unit) {
    try (Device reference = Evaluate.open("reference");
        Device device = open(shape)) {
      for (Class<? extends Node> kind : NodeCase.KINDS) {
        for (long seed = 700; seed < 703; seed++) {
          Network network = NodeCase.network(kind, seed);
          double error = error(reference, device, network, precision, seed);
          assertTrue(
              error < 4 * unit, () -> network.denoiser().nodes().getLast() + ": relative error " + error);
        }
      }
    }
  }

  /** Norms keep errors from growing from layer to layer, so a network's error is a few dozen roundings at most. */
  @ParameterizedTest(name = "{0} {1}")
  @CsvSource({"processor, BF16, 3.9e-3", "card, FP16, 4.9e-4"})
  void networksStayCloseToSinglePrecision(String shape, Precision precision, double unit) {
    try (Device reference = Evaluate.open("reference");
        Device device = open(shape)) {
      for (long seed = 710; seed < 712; seed++) {
        Network network = RandomNetworks.network(RandomNetworks.config(seed));
        double error = error(reference, device, network, precision, seed);
        long drawn = seed;
        assertTrue(error < 30 * unit, () -> "seed " + drawn + ": relative error " + error);
        assertTrue(error > unit / 30, () -> "seed " + drawn + " was computed in single precision: " + error);
      }
    }
  }

  private static Device open(String shape) {
    System.setProperty("unnoise.gpu.shape", shape);
    try {
      return Evaluate.open("opencl");
    } finally {
      System.clearProperty("unnoise.gpu.shape");
    }
  }

  private static double error(Device reference, Device device, Network network, Precision precision, long seed) {
    NormalWeights weights = new NormalWeights(seed);
    float[] x = Evaluate.normals(seed, IMAGES * network.sampleShape().elements());
    int[] labels = network.labelled() ? new int[] {1, 2} : new int[0];
    float[] expected = Evaluate.predict(reference, Precision.FP32, network, weights, x, IMAGES, 250, labels);
    float[] actual = Evaluate.predict(device, precision, network, weights, x, IMAGES, 250, labels);
    return Math.sqrt(Evaluate.normalizedError(expected, actual));
  }
}
