package dev.unnoise.backend.gpu;

/** Whether devices that can record launches and replay them do so. */
public final class Recording {
  /**
   * {@code false} has every step's launches enqueued one by one even where the device would replay them as one: a fault
   * that stays is one of a launch, a fault that goes is one of recording. {@code true} is the default.
   */
  public static final String PROPERTY = "unnoise.gpu.record";

  private Recording() {}

  /**
   * Whether a device replays what it is given.
   *
   * @throws dev.unnoise.graph.run.BackendException if {@link #PROPERTY} is neither true nor false
   */
  public static boolean isUsed(Gpu gpu) {
    return Switch.isOn(PROPERTY) && gpu.recordsLaunches();
  }
}
