package dev.unnoise.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

class DevicesCommandTest {
  private record Fake(Availability availability) implements Backend {
    @Override
    public String name() {
      return "fake";
    }

    @Override
    public List<String> attempts() {
      return List.of("here: not found", "there:\nfound");
    }

    @Override
    public Device open(int index) {
      throw new UnsupportedOperationException();
    }
  }

  private static List<String> printed(Availability availability, boolean verbose) {
    StringWriter text = new StringWriter();
    PrintWriter out = new PrintWriter(text);
    DevicesCommand.print(out, new Fake(availability), verbose);
    out.flush();
    return text.toString().lines().toList();
  }

  @Test
  void whatIsMissingIsSaidWithEveryPlaceThatWasSearched() {
    assertEquals(
        List.of(
            "fake       not ready: it",
            "           to get it: so",
            "           tried: here: not found",
            "           tried: there:\\u000afound"),
        printed(new Availability.Missing("it", "so"), false));
  }

  @Test
  void placesAreOfInterestToThoseWhoAskWhereNothingIsMissing() {
    Availability ready =
        new Availability.Ready(List.of(new DeviceInfo("card", "driver", 0, List.of(Precision.FP32), 8, 100)));
    assertEquals(List.of("fake       device 0: card, fp32; driver"), printed(ready, false));
    assertEquals(
        List.of(
            "fake       device 0: card, fp32; driver",
            "           tried: here: not found",
            "           tried: there:\\u000afound"),
        printed(ready, true));
  }
}
