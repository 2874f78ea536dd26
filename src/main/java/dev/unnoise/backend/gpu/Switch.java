package dev.unnoise.backend.gpu;

import dev.unnoise.graph.run.BackendException;

/** System properties that turn something off: {@code true}, the default, or {@code false}. */
public final class Switch {
  private Switch() {}

  /**
   * Whether something is on.
   *
   * @throws BackendException if the property has another value
   */
  public static boolean isOn(String property) {
    String value = System.getProperty(property, "true");
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new BackendException(property + " is " + value + ", expected true or false");
    };
  }
}
