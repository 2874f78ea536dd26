package dev.unnoise.testing;

import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Precision;
import dev.unnoise.sampling.Backends;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A backend under test, and a precision.
 *
 * <p>Without further ado those are the backends that need no card, in single precision. {@link #BACKEND} names another,
 * which is then tested alone and in all its precisions, or in those that {@link #PRECISIONS} lists; it must have a
 * device.
 */
public record Target(String backend, Precision precision) {
  public static final String BACKEND = "unnoise.test.backend";
  public static final String PRECISIONS = "unnoise.test.precisions";

  /** The backend that was asked for by name. */
  static Optional<String> asked() {
    return Optional.ofNullable(System.getProperty(BACKEND));
  }

  /** All of these backends, in the precisions under test. */
  public static Stream<Target> of(List<String> backends) {
    return backends.stream().flatMap(backend -> precisions(backend).stream().map(one -> new Target(backend, one)));
  }

  private static List<Precision> precisions(String backend) {
    if (asked().isEmpty()) {
      return List.of(Precision.FP32);
    }
    List<Precision> there =
        Backends.all().stream()
            .filter(candidate -> candidate.name().equals(backend))
            .map(candidate -> candidate.availability() instanceof Availability.Ready ready ? ready.devices() : null)
            .filter(devices -> devices != null)
            .findFirst()
            .map(devices -> devices.getFirst().precisions())
            // Tests try, and say what is missing.
            .orElse(List.of(Precision.FP32));
    String listed = System.getProperty(PRECISIONS, "");
    return listed.isEmpty()
        ? there
        : Arrays.stream(listed.split(",")).map(name -> Precision.valueOf(name.toUpperCase(Locale.ROOT))).toList();
  }

  /** The largest relative error of rounding a number: half a unit in the last place. */
  public double unit() {
    return switch (precision) {
      case FP32 -> 0x1p-24;
      case TF32, FP16 -> 0x1p-11;
      case BF16 -> 0x1p-8;
    };
  }

  @Override
  public String toString() {
    return backend + " " + precision.label();
  }
}
