package dev.unnoise.sampling;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.unnoise.graph.UnnoiseException;
import dev.unnoise.model.Checkpoint;
import dev.unnoise.model.UNetConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class LabelsTest {
  private static UNetConfig config(String name) {
    try (Checkpoint checkpoint = Checkpoint.open(Path.of("src/test/resources/cases", name))) {
      return checkpoint.unet();
    }
  }

  @Test
  void imageKTakesLabelKModuloTheLength() {
    Labels labels = new Labels(List.of(4, 5, 6));
    assertArrayEquals(new int[] {5, 6, 4, 5}, labels.of(1, 4));
    assertArrayEquals(new int[] {4}, labels.of(3_000_000_000L, 1));
    assertArrayEquals(new int[0], Labels.NONE.of(0, 4));
  }

  @Test
  void allIsEveryClassButTheNullClass() {
    UNetConfig five = config("class-tiny");
    assertEquals(List.of(0, 1, 2, 3), Labels.all(five).cycle());
    assertEquals(OptionalInt.of(4), Labels.nullClass(five));
    assertEquals(Labels.NONE, Labels.all(config("ddpm-tiny")));
    assertThrows(UnnoiseException.class, () -> Labels.all(config("timestep-classes")));
  }

  @Test
  void labelsTheNetworkDoesNotKnowAreNamed() {
    assertEquals(
        "class 5 is not within [0, 4]",
        assertThrows(UnnoiseException.class, () -> Labels.of(config("class-tiny"), List.of(1, 5))).getMessage());
    assertThrows(UnnoiseException.class, () -> Labels.of(config("class-tiny"), List.of(-1)));
    assertThrows(UnnoiseException.class, () -> Labels.of(config("ddpm-tiny"), List.of(0)));
    assertEquals(List.of(123456), Labels.of(config("timestep-classes"), List.of(123456)).cycle());
    assertThrows(UnnoiseException.class, () -> Labels.of(config("timestep-classes"), List.of(-1)));
  }
}
