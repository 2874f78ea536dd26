package dev.unnoise.graph.run;

import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import java.util.Optional;

/** An opened device. Closing it closes everything loaded on it. Not thread-safe: one caller at a time. */
public interface Device extends AutoCloseable {

  DeviceInfo info();

  /** The network as this device would run it: fused and laid out as suits it. */
  Network lower(Network network);

  /**
   * Places a network's parameters on the device.
   *
   * @param network as the model describes it; the device lowers it itself
   * @throws BackendException if the precision is not one of {@link DeviceInfo#precisions()} or memory does not do
   */
  LoadedNetwork load(Network network, Weights weights, Precision precision);

  /** What finds the fastest kernels for this device, if there is a choice. */
  default Optional<Tuner> tuner() {
    return Optional.empty();
  }

  /** Adds noise to images: the forward process. */
  void noise(NoisingJob job);

  @Override
  void close();
}
