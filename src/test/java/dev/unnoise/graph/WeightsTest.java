package dev.unnoise.graph;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

class WeightsTest {
  /** Element i of every parameter is i, plus 100 for one named b. */
  private static final Weights COUNTING =
      parameter -> {
        float[] values = new float[Math.toIntExact(parameter.elements())];
        for (int i = 0; i < values.length; i++) {
          values[i] = i + (parameter.name().equals("b") ? 100 : 0);
        }
        return values;
      };

  private static Parameter stored(String name, Integer... shape) {
    return new Parameter.Stored(name, List.of(shape));
  }

  @Test
  void stackedParametersFollowEachOther() {
    Parameter stacked = new Parameter.Stacked(List.of(stored("a", 1, 2), stored("b", 2, 2)));
    assertEquals(List.of(3, 2), stacked.shape());
    assertArrayEquals(new float[] {0, 1, 100, 101, 102, 103}, COUNTING.resolve(stacked));
  }

  @Test
  void columnsAreTakenFromEveryRowWithTheirKernels() {
    Parameter columns = new Parameter.Columns(stored("a", 2, 3, 2, 1), 1, 2);
    assertEquals(List.of(2, 2, 2, 1), columns.shape());
    assertArrayEquals(new float[] {2, 3, 4, 5, 8, 9, 10, 11}, COUNTING.resolve(columns));
  }

  @Test
  void sumsAreElementWise() {
    assertArrayEquals(
        new float[] {100, 102}, COUNTING.resolve(new Parameter.Sum(stored("a", 2), stored("b", 2))));
  }

  @Test
  void shapesThatDoNotFitAreRefused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> new Parameter.Stacked(List.of(stored("a", 1, 2), stored("b", 2, 3))));
    assertThrows(IllegalArgumentException.class, () -> new Parameter.Columns(stored("a", 2, 3), 2, 2));
    assertThrows(IllegalArgumentException.class, () -> new Parameter.Sum(stored("a", 2), stored("b", 3)));
  }
}
