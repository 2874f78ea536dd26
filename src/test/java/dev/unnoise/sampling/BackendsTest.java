package dev.unnoise.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.testing.Evaluate;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class BackendsTest {
  @Test
  void allBackendsThatTestsRelyOnAreFoundAndReady() {
    List<String> names = Backends.all().stream().map(Backend::name).toList();
    assertTrue(names.containsAll(Evaluate.allBackends()), names.toString());
    for (Backend backend : Backends.all()) {
      if (Evaluate.allBackends().contains(backend.name())) {
        assertTrue(backend.availability() instanceof Availability.Ready, backend.name());
      }
    }
  }

  @Test
  void autoTakesTheBestThatMayBeTaken() {
    try (Backends.Opened opened = Backends.open(Backends.AUTO, 0)) {
      assertTrue(opened.device().info().preference() >= 0);
      int best =
          Backends.all().stream()
              .map(Backend::availability)
              .filter(Availability.Ready.class::isInstance)
              .map(Availability.Ready.class::cast)
              .flatMap(ready -> ready.devices().stream())
              .mapToInt(info -> info.preference())
              .max()
              .orElseThrow();
      assertEquals(best, opened.device().info().preference());
    }
  }

  @Test
  void unknownNamesAndIndicesAreNamed() {
    String known = Backends.all().stream().map(Backend::name).collect(Collectors.joining(", "));
    BackendException e = assertThrows(BackendException.class, () -> Backends.open("abacus", 0));
    assertEquals("there is no backend abacus, expected one of auto, " + known, e.getMessage());
    assertThrows(BackendException.class, () -> Backends.open("cpu", 1));
    assertThrows(BackendException.class, () -> Backends.open("cpu", -1));
    assertThrows(BackendException.class, () -> Backends.open(Backends.AUTO, 99));
  }
}
