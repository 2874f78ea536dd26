package dev.unnoise.graph.run;

import java.util.List;

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
   * Where libraries were looked for and what came of it, for people who wonder why one was not found or which one was
   * taken. Looks further than {@link #availability()} does where that would take long.
   *
   * @return one line for each place; empty for a backend that looks in one place only
   */
  default List<String> attempts() {
    return List.of();
  }

  /**
   * Opens a device.
   *
   * @param index position in {@link Availability.Ready#devices()}
   * @throws BackendException if it cannot be opened
   */
  Device open(int index);
}
