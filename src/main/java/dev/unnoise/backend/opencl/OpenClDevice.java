package dev.unnoise.backend.opencl;

import dev.unnoise.backend.opencl.cl.ClContext;
import dev.unnoise.backend.opencl.cl.ClDeviceInfo;
import dev.unnoise.backend.opencl.cl.Closing;
import dev.unnoise.backend.opencl.node.Programs;
import dev.unnoise.backend.opencl.node.Choices;
import dev.unnoise.backend.opencl.node.Traits;
import dev.unnoise.backend.opencl.tune.OpenClTuner;
import dev.unnoise.backend.opencl.tune.TuningFile;
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
import dev.unnoise.graph.run.Tuner;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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
  private final TuningFile file;
  private final List<OpenClNetwork> loaded = new ArrayList<>();

  OpenClDevice(DeviceInfo info, ClDeviceInfo device) {
    this.info = info;
    Traits traits = Traits.of(device);
    this.file = TuningFile.of(device, traits);
    this.context = new ClContext(device);
    this.programs = new Programs(context, Choices.untuned(traits));
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
    Programs chosen = programs.choosing(new Choices(programs.traits(), file.read()));
    OpenClNetwork ready = new OpenClNetwork(context, chosen, stored(network, precision), weights, loaded::remove);
    loaded.add(ready);
    return ready;
  }

  /** The network as it runs in a precision. */
  static Network stored(Network network, Precision precision) {
    return new StoreAs(precision.storage()).apply(Pass.applyAll(network, PASSES));
  }

  @Override
  public Optional<Tuner> tuner() {
    return Optional.of(new OpenClTuner(context, programs, file, OpenClDevice::stored));
  }

  @Override
  public void noise(NoisingJob job) {
    DeviceNoising.run(context, programs, job);
  }

  @Override
  public void close() {
    Closing.inOrder(
        () -> Closing.each(List.copyOf(loaded), OpenClNetwork::close), programs::close, context::close);
  }
}
