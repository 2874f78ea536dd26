package dev.unnoise.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.run.Device;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.NormalWeights;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kind of node on every backend against {@code reference}. */
class NodeTest {
  private static final int SEEDS = 40;
  private static final int IMAGES = 3;

  /** Mean squared error as a share of the mean square: single precision rounds at about 1e-15. */
  private static final double LIMIT = 1e-11;

  static Stream<Arguments> cases() {
    return Evaluate.backendsUnderTest().stream()
        .flatMap(backend -> NodeCase.KINDS.stream().map(kind -> Arguments.of(backend, kind)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void agreesWithReference(String backend, Class<? extends Node> kind) {
    try (Device reference = Evaluate.open("reference");
        Device device = Evaluate.open(backend)) {
      for (long seed = 0; seed < SEEDS; seed++) {
        Network network = NodeCase.network(kind, seed);
        float[] x = Evaluate.normals(seed, IMAGES * network.sampleShape().elements());
        int[] labels = network.labelled() ? new int[] {6, 0, 3} : new int[0];
        NormalWeights weights = new NormalWeights(seed);
        float[] expected = Evaluate.predict(reference, network, weights, x, IMAGES, 123, labels);
        float[] actual = Evaluate.predict(device, network, weights, x, IMAGES, 123, labels);
        double error = Evaluate.normalizedError(expected, actual);
        assertTrue(error < LIMIT, () -> describe(network) + ": normalised error " + error);
      }
    }
  }

  private static String describe(Network network) {
    return network.denoiser().nodes().getLast().toString();
  }

  @Test
  void everyKindIsCovered() {
    assertEquals(records(Node.class).collect(Collectors.toSet()), new HashSet<>(NodeCase.KINDS));
  }

  private static Stream<Class<?>> records(Class<?> kind) {
    return kind.isRecord() ? Stream.of(kind) : Arrays.stream(kind.getPermittedSubclasses()).flatMap(NodeTest::records);
  }

  @Test
  void normsOfOffsetDataKeepTheirPrecision() {
    for (String backend : Evaluate.backendsUnderTest()) {
      try (Device reference = Evaluate.open("reference");
          Device device = Evaluate.open(backend)) {
        Network network = firstNorm();
        float[] x = Evaluate.normals(1, network.sampleShape().elements());
        for (int i = 0; i < x.length; i++) {
          x[i] += 1000;
        }
        NormalWeights weights = new NormalWeights(0);
        float[] expected = Evaluate.predict(reference, network, weights, x, 1, 1);
        float[] actual = Evaluate.predict(device, network, weights, x, 1, 1);
        // The data itself has only 1e-4 of the deviation left: a mean taken carelessly would lose that too.
        assertTrue(Evaluate.normalizedError(expected, actual) < 1e-7);
      }
    }
  }

  private static Network firstNorm() {
    return List.of(0L, 1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L, 9L).stream()
        .map(seed -> NodeCase.network(GroupNorm.class, seed))
        .filter(
            network ->
                ((GroupNorm) network.denoiser().nodes().getLast()).groups() > 1)
        .findFirst()
        .orElseThrow();
  }
}
