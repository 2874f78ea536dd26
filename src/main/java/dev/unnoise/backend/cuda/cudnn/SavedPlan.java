package dev.unnoise.backend.cuda.cudnn;

import java.util.Locale;

/**
 * A plan as text, of which any handle on cards of the same kind makes it again without compiling.
 *
 * @param choice its engine
 * @param seconds that compiling it took
 * @param text what {@link ExecutionPlan#text()} says; empty if the engine cannot be written down
 */
record SavedPlan(EngineChoice choice, long workspaceBytes, double seconds, String text) {

  /** For logs: engine, knobs, seconds and workspace. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT, "%s, compiled in %.3f s, workspace %d bytes", choice, seconds, workspaceBytes);
  }
}
