package dev.unnoise.graph;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActivationTest {
  /** Values of torch.nn.functional in float64. */
  @ParameterizedTest(name = "{0}({1})")
  @CsvSource({
    "SILU, 1.5, 1.2263617142904655",
    "SILU, -3, -0.14227761953270035",
    "MISH, 1.5, 1.4033782663958028",
    "MISH, -3, -0.1456474612756246",
    "MISH, 30, 30",
    "GELU, 1.5, 1.399789198096713",
    "GELU, -3, -0.00404969409489031",
    "GELU, 5, 4.999998566742141",
    "RELU, -3, 0",
    "RELU, 2, 2",
    "IDENTITY, -3, -3",
  })
  void agreesWithPyTorch(Activation activation, double x, double expected) {
    assertEquals(expected, activation.apply(x), 1e-12 * Math.max(1, Math.abs(expected)));
  }
}
