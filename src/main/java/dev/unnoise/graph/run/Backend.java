package dev.unnoise.graph.run;

/**
 * A way to compute, found by {@link java.util.ServiceLoader}. Implementations have a public constructor without
 * arguments that does nothing; looking for libraries and devices happens in the methods.
 */
public interface Backend {

  /** The name on the command line. */
  String name();

  /** What is there, or what is missing. Never throws because something is missing. */
  Availability availability();

  /**
   * Opens a device.
   *
   * @param index position in {@link Availability.Ready#devices()}
   * @throws BackendException if it cannot be opened
   */
  Device open(int index);
}
