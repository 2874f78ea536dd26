package dev.unnoise.backend.reference;

import dev.unnoise.backend.host.HostNoising;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.graph.run.Precision;

/** The JVM itself. Networks run as the model describes them, unfused. */
final class ReferenceDevice implements Device {
  private final DeviceInfo info;

  ReferenceDevice(DeviceInfo info) {
    this.info = info;
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Network lower(Network network) {
    return network;
  }

  @Override
  public LoadedNetwork load(Network network, Weights weights, Precision precision) {
    if (precision != Precision.FP32) {
      throw new BackendException("backend reference computes in fp32 only, not in " + precision.label());
    }
    return new ReferenceNetwork(network, weights);
  }

  @Override
  public void noise(NoisingJob job) {
    HostNoising.run(job);
  }

  @Override
  public void close() {
    // Everything is on the heap.
  }
}
