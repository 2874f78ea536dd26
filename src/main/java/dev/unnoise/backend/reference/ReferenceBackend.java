package dev.unnoise.backend.reference;

import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.Precision;
import java.util.List;

/** The backend {@code reference}: always there, never chosen unless asked for. */
public final class ReferenceBackend implements Backend {
  @Override
  public String name() {
    return "reference";
  }

  @Override
  public Availability availability() {
    return new Availability.Ready(List.of(info()));
  }

  @Override
  public Device open(int index) {
    if (index != 0) {
      throw new BackendException("backend reference has only device 0, not " + index);
    }
    return new ReferenceDevice(info());
  }

  private static DeviceInfo info() {
    return new DeviceInfo(
        "plain Java", "for tests, slow", Runtime.getRuntime().maxMemory(), List.of(Precision.FP32), 16, -1);
  }
}
