package dev.unnoise.backend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Device;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole random U-Nets on every backend, as it fuses them, against {@code reference}. */
class UNetTest {
  static List<String> backends() {
    return Evaluate.backendsUnderTest();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void agreesWithReference(String backend) {
    try (Device reference = Evaluate.open("reference");
        Device device = Evaluate.open(backend)) {
      for (long seed = 100; seed < 125; seed++) {
        check(reference, device, RandomNetworks.config(seed), seed, 3);
      }
      check(reference, device, RandomNetworks.wide(), 125, 1);
    }
  }

  private static void check(Device reference, Device device, UNetConfig config, long seed, int images) {
    Network network = RandomNetworks.network(config);
    NormalWeights weights = new NormalWeights(seed);
    float[] x = Evaluate.normals(seed, images * network.sampleShape().elements());
    int[] labels = network.labelled() ? new int[] {0, 2, 1} : new int[0];
    float[] expected = Evaluate.predict(reference, network, weights, x, images, 400, labels);
    float[] actual = Evaluate.predict(device, network, weights, x, images, 400, labels);
    double error = Evaluate.normalizedError(expected, actual);
    assertTrue(error < 1e-9, "seed " + seed + " " + config + ": normalised error " + error);
  }
}
