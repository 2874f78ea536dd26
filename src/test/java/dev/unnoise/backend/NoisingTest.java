package dev.unnoise.backend;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.graph.run.NoisingJob.Level;
import dev.unnoise.graph.run.NoisingJob.Levels;
import dev.unnoise.testing.Evaluate;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The forward process on every backend. */
class NoisingTest {
  private static final Shape SHAPE = new Shape(3, 5, 3);
  private static final int IMAGES = 3;
  private static final int ELEMENTS = (int) SHAPE.elements();
  private static final List<Level> LEVELS = List.of(new Level(1, 0, 0), new Level(0.8, 0.6, 0), new Level(0.6, 0.8, 9));

  static List<String> backends() {
    return Evaluate.allBackends();
  }

  @ParameterizedTest
  @MethodSource("backends")
  void anImageWithItsOwnLevelIsTheOneThatGotEvery(String backend) {
    float[] clean = Evaluate.normals(4, (long) IMAGES * ELEMENTS);
    float[] every = new float[LEVELS.size() * clean.length];
    float[] own = new float[clean.length];
    try (Device device = Evaluate.open(backend)) {
      device.noise(job(clean, new Levels.Every(LEVELS), every));
      device.noise(job(clean, new Levels.Own(LEVELS), own));
    }
    for (int n = 0; n < IMAGES; n++) {
      int from = (n * IMAGES + n) * ELEMENTS;
      float[] expected = Arrays.copyOfRange(every, from, from + ELEMENTS);
      assertArrayEquals(expected, Arrays.copyOfRange(own, n * ELEMENTS, (n + 1) * ELEMENTS));
    }
    assertArrayEquals(Arrays.copyOf(clean, ELEMENTS), Arrays.copyOf(own, ELEMENTS), "no noise, no change");
  }

  @ParameterizedTest
  @MethodSource("backends")
  void backendsDrawTheSameNoise(String backend) {
    float[] clean = Evaluate.normals(4, (long) IMAGES * ELEMENTS);
    float[] expected = new float[LEVELS.size() * clean.length];
    float[] actual = new float[expected.length];
    try (Device reference = Evaluate.open("reference");
        Device device = Evaluate.open(backend)) {
      reference.noise(job(clean, new Levels.Every(LEVELS), expected));
      device.noise(job(clean, new Levels.Every(LEVELS), actual));
    }
    assertArrayEquals(expected, actual, 2e-6f);
  }

  @Test
  void levelsMustFitTheImages() {
    float[] one = new float[ELEMENTS];
    assertThrows(
        IllegalArgumentException.class,
        () ->
            new NoisingJob(
                SHAPE, 1, Evaluate.segment(one), new Levels.Own(LEVELS), 0, 0, Evaluate.segment(new float[ELEMENTS])));
    assertThrows(IllegalArgumentException.class, () -> new Levels.Every(List.of()));
  }

  private static NoisingJob job(float[] clean, Levels levels, float[] noisy) {
    return new NoisingJob(
        SHAPE, IMAGES, Evaluate.segment(clean), levels, 11, (1L << 32) - 2, Evaluate.segment(noisy));
  }
}
