package dev.unnoise.backend.opencl;

import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDeviceInfo;
import dev.unnoise.backend.opencl.node.Programs;
import dev.unnoise.backend.opencl.node.Choices;
import dev.unnoise.backend.opencl.node.Traits;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.pass.FoldBiases;
import dev.unnoise.graph.pass.FuseEpilogues;
import dev.unnoise.graph.pass.FuseNormalization;
import dev.unnoise.graph.pass.FuseUpsampling;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.pass.ReadConcatenations;
import dev.unnoise.graph.pass.StackAttentionProjections;
import dev.unnoise.graph.pass.StackProjections;
import dev.unnoise.graph.pass.StoreAs;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.graph.run.Precision;
import java.util.ArrayList;
import java.util.List;

/** A device of an OpenCL driver. */
final class OpenClDevice implements Device {
  /** Everything that can be fused is: our kernels read concatenations and through upsampling. */
  static final List<Pass> PASSES =
      List.of(
          new FuseUpsampling(),
          new StackAttentionProjections(),
          new ReadConcatenations(),
          new FuseNormalization(),
          new FuseEpilogues(),
          new FoldBiases(),
          new StackProjections());

  private final DeviceInfo info;
  private final ClContext context;
  private final Programs programs;
  private final List<OpenClNetwork> loaded = new ArrayList<>();

  OpenClDevice(DeviceInfo info, ClDeviceInfo device) {
    this.info = info;
    this.context = new ClContext(device);
    this.programs = new Programs(context, Choices.untuned(Traits.of(device)));
  }

  @Override
  public DeviceInfo info() {
    return info;
  }

  @Override
  public Network lower(Network network) {
    return Pass.applyAll(network, PASSES);
  }

  @Override
  public LoadedNetwork load(Network network, Weights weights, Precision precision) {
    if (!info.precisions().contains(precision)) {
      throw new BackendException(
          "backend opencl computes in " + Precision.labels(info.precisions()) + ", not in " + precision.label());
    }
    Network stored = new StoreAs(precision.storage()).apply(lower(network));
    OpenClNetwork ready = new OpenClNetwork(context, programs, stored, weights, loaded::remove);
    loaded.add(ready);
    return ready;
  }

  @Override
  public void noise(NoisingJob job) {
    DeviceNoising.run(context, programs, job);
  }

  @Override
  public void close() {
    List.copyOf(loaded).forEach(OpenClNetwork::close);
    programs.close();
    context.close();
  }
}
