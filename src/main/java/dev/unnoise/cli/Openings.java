package dev.unnoise.cli;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.sampling.Pipeline;
import java.util.ArrayList;
import java.util.List;

/** Several devices, being opened side by side, and the pipelines made on them. */
final class Openings implements AutoCloseable {
  private final List<Opening> openings;
  private final List<Pipeline> pipelines = new ArrayList<>();

  Openings(List<Opening> openings) {
    this.openings = List.copyOf(openings);
  }

  /** The first device's. */
  Opening first() {
    return openings.getFirst();
  }

  int count() {
    return openings.size();
  }

  /** A pipeline on every device, closed with this. */
  List<Pipeline> pipelines(DeviceOptions options, Network network, Weights weights) {
    for (Opening opening : openings) {
      pipelines.add(options.pipeline(opening, network, weights));
    }
    return List.copyOf(pipelines);
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    List<AutoCloseable> all = new ArrayList<>(pipelines.reversed());
    all.addAll(openings);
    for (AutoCloseable one : all) {
      try {
        one.close();
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      } catch (Exception e) {
        throw new AssertionError("neither pipelines nor devices throw checked exceptions", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
