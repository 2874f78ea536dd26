package dev.unnoise.backend.opencl;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.run.Device;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The kernels that cards get, on whatever device there is. */
class CardKernelsTest {
  private static final String SHAPE = "unnoise.gpu.shape";

  @BeforeEach
  void chooseCards() {
    System.setProperty(SHAPE, "card");
  }

  @AfterEach
  void chooseAsUsual() {
    System.clearProperty(SHAPE);
  }

  @Test
  void nodesAgreeWithReference() {
    try (Device reference = Evaluate.open("reference");
        Device device = Evaluate.open("opencl")) {
      for (Class<? extends Node> kind : NodeCase.KINDS) {
        for (long seed = 500; seed < 510; seed++) {
          check(reference, device, NodeCase.network(kind, seed), seed);
        }
      }
    }
  }

  @Test
  void networksAgreeWithReference() {
    try (Device reference = Evaluate.open("reference");
        Device device = Evaluate.open("opencl")) {
      for (long seed = 600; seed < 606; seed++) {
        UNetConfig config = RandomNetworks.config(seed);
        check(reference, device, RandomNetworks.network(config), seed);
      }
      check(reference, device, RandomNetworks.network(RandomNetworks.wide()), 606);
    }
  }

  private static void check(Device reference, Device device, Network network, long seed) {
    NormalWeights weights = new NormalWeights(seed);
    float[] x = Evaluate.normals(seed, 2 * network.sampleShape().elements());
    int[] labels = network.labelled() ? new int[] {1, 2} : new int[0];
    float[] expected = Evaluate.predict(reference, network, weights, x, 2, 250, labels);
    float[] actual = Evaluate.predict(device, network, weights, x, 2, 250, labels);
    assertEquals(expected.length, actual.length);
    double error = Evaluate.normalizedError(expected, actual);
    assertTrue(error < 1e-9, () -> "seed " + seed + ": " + network.denoiser().nodes().getLast() + ": " + error);
  }
}
