package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.node.Choices;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.backend.gpu.node.Traits;
import dev.unnoise.backend.gpu.tune.ProductTuner;
import dev.unnoise.backend.gpu.tune.TuningFile;
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

/** A device that runs our kernels. */
public final class GpuDevice implements Device {
  /** Everything that can be fused is: our kernels read concatenations and through upsampling. */
  public static final List<Pass> PASSES =
      List.of(
          new FuseUpsampling(),
          new StackAttentionProjections(),
          new ReadConcatenations(),
          new FuseNormalization(),
          new FuseEpilogues(),
          new FoldBiases(),
          new StackProjections());

  private final String backend;
  private final DeviceInfo info;
  private final Gpu gpu;
  private final Programs programs;
  private final TuningFile file;
  private final List<GpuNetwork> loaded = new ArrayList<>();

  /**
   * Takes an opened device over.
   *
   * @param backend whose device it is
   * @param traits how kernels are shaped for it
   */
  public GpuDevice(String backend, DeviceInfo info, Gpu gpu, Traits traits) {
    this.backend = backend;
    this.info = info;
    this.gpu = gpu;
    this.file = TuningFile.of(backend, gpu, traits);
    this.programs = new Programs(gpu, Choices.untuned(traits));
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
          "backend " + backend + " computes in " + Precision.labels(info.precisions()) + ", not in " + precision.label());
    }
    Programs chosen = programs.choosing(new Choices(programs.traits(), file.read()));
    GpuNetwork ready = new GpuNetwork(gpu, chosen, stored(network, precision), weights, loaded::remove);
    loaded.add(ready);
    return ready;
  }

  /** The network as it runs in a precision. */
  public static Network stored(Network network, Precision precision) {
    return new StoreAs(precision.storage()).apply(Pass.applyAll(network, PASSES));
  }

  @Override
  public Optional<Tuner> tuner() {
    return Optional.of(new ProductTuner(gpu, programs, file, GpuDevice::stored));
  }

  @Override
  public void noise(NoisingJob job) {
    DeviceNoising.run(gpu, programs, job);
  }

  @Override
  public void close() {
    Closing.inOrder(
        () -> Closing.each(List.copyOf(loaded), GpuNetwork::close), programs::close, gpu::close);
  }
}
