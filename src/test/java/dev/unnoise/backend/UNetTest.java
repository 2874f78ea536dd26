package dev.unnoise.backend;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.model.UNetConfig;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.RandomNetworks;
import dev.unnoise.testing.Target;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole random U-Nets on every backend, as it fuses them, against {@code reference}. */
class UNetTest {
  /** Roundings at most; norms keep errors from growing from layer to layer. */
  private static final double SINGLE_ROUNDINGS = 530;

  private static final double HALF_ROUNDINGS = 30;

  static Stream<Target> targets() {
    return Target.of(Evaluate.backendsUnderTest());
  }

  @ParameterizedTest
  @MethodSource("targets")
  void agreesWithReference(Target target) {
    try (Device reference = Evaluate.open("reference");
        Device device = Evaluate.open(target.backend())) {
      for (long seed = 100; seed < 125; seed++) {
        check(reference, device, target, RandomNetworks.config(seed), seed, 3);
      }
      check(reference, device, target, RandomNetworks.wide(), 125, 1);
    }
  }

  private static void check(
      Device reference, Device device, Target target, UNetConfig config, long seed, int images) {
    Network network = RandomNetworks.network(config);
    NormalWeights weights = new NormalWeights(seed);
    float[] x = Evaluate.normals(seed, images * network.sampleShape().elements());
    int[] labels = network.labelled() ? new int[] {0, 2, 1} : new int[0];
    float[] expected = Evaluate.predict(reference, network, weights, x, images, 400, labels);
    float[] actual = Evaluate.predict(device, target.precision(), network, weights, x, images, 400, labels);
    double error = Math.sqrt(Evaluate.normalizedError(expected, actual));
    double roundings = target.precision() == Precision.FP32 ? SINGLE_ROUNDINGS : HALF_ROUNDINGS;
    assertTrue(error < roundings * target.unit(), "seed " + seed + " " + config + ": relative error " + error);
  }
}
