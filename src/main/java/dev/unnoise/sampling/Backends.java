package dev.unnoise.sampling;

import dev.unnoise.graph.run.Availability;
import dev.unnoise.graph.run.Backend;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.ServiceLoader;
import java.util.stream.Collectors;

/** The backends on the class path. */
public final class Backends {
  /** Stands for the best device there is. */
  public static final String AUTO = "auto";

  private Backends() {}

  /**
   * An opened device and how it was chosen.
   *
   * @param reason one line for people
   */
  public record Opened(Backend backend, Device device, String reason) implements AutoCloseable {
    @Override
    public void close() {
      device.close();
    }
  }

  private record Candidate(Backend backend, int index, DeviceInfo info) {}

  /** Every backend, by name. */
  public static List<Backend> all() {
    return ServiceLoader.load(Backend.class).stream()
        .map(ServiceLoader.Provider::get)
        .sorted(Comparator.comparing(Backend::name))
        .toList();
  }

  /**
   * Opens a device.
   *
   * @param name a backend's name or {@link #AUTO}
   * @param index of the device among the backend's
   * @throws BackendException saying what is missing and how to get it
   */
  public static Opened open(String name, int index) {
    return name.equals(AUTO) ? openBest(index) : openNamed(name, index);
  }

  private static Opened openNamed(String name, int index) {
    List<Backend> all = all();
    Backend backend =
        all.stream()
            .filter(candidate -> candidate.name().equals(name))
            .findFirst()
            .orElseThrow(() -> new BackendException("there is no backend " + name + ", expected one of " + names(all)));
    return switch (backend.availability()) {
      case Availability.Missing missing ->
          throw new BackendException("backend " + name + " is not ready: " + missing.what() + "; " + missing.remedy());
      case Availability.Ready ready -> {
        if (index < 0 || index >= ready.devices().size()) {
          throw new BackendException(
              "backend " + name + " has no device " + index + ", expected 0 … " + (ready.devices().size() - 1));
        }
        yield new Opened(backend, backend.open(index), "asked for");
      }
    };
  }

  private static String names(List<Backend> backends) {
    return AUTO + ", " + backends.stream().map(Backend::name).collect(Collectors.joining(", "));
  }

  private static Opened openBest(int index) {
    List<String> passedOver = new ArrayList<>();
    List<Candidate> candidates = new ArrayList<>();
    for (Backend backend : all()) {
      switch (backend.availability()) {
        case Availability.Missing missing -> passedOver.add(backend.name() + " (" + missing.what() + ")");
        case Availability.Ready ready -> {
          for (int i = 0; i < ready.devices().size(); i++) {
            DeviceInfo info = ready.devices().get(i);
            if (info.preference() >= 0 && i == index) {
              candidates.add(new Candidate(backend, i, info));
            }
          }
        }
      }
    }
    candidates.sort(Comparator.comparingInt((Candidate candidate) -> -candidate.info().preference()));
    for (Candidate candidate : candidates) {
      try {
        Device device = candidate.backend().open(candidate.index());
        String reason =
            passedOver.isEmpty() ? "the best there is" : "the best there is; passed over " + String.join(", ", passedOver);
        return new Opened(candidate.backend(), device, reason);
      } catch (BackendException e) {
        passedOver.add(candidate.backend().name() + " (" + e.getMessage() + ")");
      }
    }
    if (candidates.isEmpty() && index > 0) {
      throw new BackendException("there is no device " + index + ", expected one that 'unnoise devices' lists");
    }
    throw new BackendException(
        "no backend has a device " + index + " that works: passed over " + String.join(", ", passedOver)
            + "; 'unnoise devices' says what is missing");
  }
}
