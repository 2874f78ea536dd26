package dev.unnoise.graph.run;

import java.util.List;

/** Whether a backend can be used on this machine. */
public sealed interface Availability {

  /**
   * It can.
   *
   * @param devices at least one; a device's index here is its index on the command line
   */
  record Ready(List<DeviceInfo> devices) implements Availability {
    public Ready {
      devices = List.copyOf(devices);
    }
  }

  /**
   * It cannot.
   *
   * @param what what is missing, one line
   * @param remedy how to get it, one line
   */
  record Missing(String what, String remedy) implements Availability {}
}
