package dev.unnoise.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.GroupNorm;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.testing.Evaluate;
import dev.unnoise.testing.NodeCase;
import dev.unnoise.testing.NormalWeights;
import dev.unnoise.testing.Target;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every kind of node on every backend against {@code reference}. */
class NodeTest {
  private static final int SEEDS = 40;
  private static final int WIDE_SEEDS = 8;
  private static final int IMAGES = 3;

  /** Roundings of a result at most, each relative to the root mean square: sums in single precision have many. */
  private static final double SINGLE_ROUNDINGS = 53;

  private static final double HALF_ROUNDINGS = 6;

  static Stream<Arguments> cases() {
    return Target.of(Evaluate.backendsUnderTest())
        .flatMap(target -> NodeCase.KINDS.stream().map(kind -> Arguments.of(target, kind)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("cases")
  void agreesWithReference(Target target, Class<? extends Node> kind) {
    compare(target, LongStream.range(0, SEEDS).boxed(), seed -> NodeCase.network(kind, seed));
  }

  static Stream<Arguments> products() {
    return Target.of(Evaluate.backendsUnderTest())
        .flatMap(target -> NodeCase.PRODUCTS.stream().map(kind -> Arguments.of(target, kind)));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("products")
  void wideProductsAgreeWithReference(Target target, Class<? extends Node> kind) {
    compare(target, LongStream.range(0, WIDE_SEEDS).boxed(), seed -> NodeCase.wide(kind, seed));
  }

  private static void compare(Target target, Stream<Long> seeds, Function<Long, Network> networks) {
    try (Device reference = Evaluate.open("reference");
        Device device = Evaluate.open(target.backend())) {
      double roundings = target.precision() == Precision.FP32 ? SINGLE_ROUNDINGS : HALF_ROUNDINGS;
      seeds.forEach(
          seed -> {
            Network network = networks.apply(seed);
            float[] x = Evaluate.normals(seed, IMAGES * network.sampleShape().elements());
            int[] labels = network.labelled() ? new int[] {6, 0, 3} : new int[0];
            NormalWeights weights = new NormalWeights(seed);
            float[] expected = Evaluate.predict(reference, network, weights, x, IMAGES, 123, labels);
            float[] actual = Evaluate.predict(device, target.precision(), network, weights, x, IMAGES, 123, labels);
            double error = Math.sqrt(Evaluate.normalizedError(expected, actual));
            assertTrue(error < roundings * target.unit(), () -> describe(network) + ": relative error " + error);
          });
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
