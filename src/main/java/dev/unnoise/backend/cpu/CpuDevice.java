package dev.unnoise.backend.cpu;

import dev.unnoise.backend.cpu.onednn.OneDnn;
import dev.unnoise.backend.host.HostNoising;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.pass.FoldBiases;
import dev.unnoise.graph.pass.FuseEpilogues;
import dev.unnoise.graph.pass.FuseNormalization;
import dev.unnoise.graph.pass.Pass;
import dev.unnoise.graph.pass.ReadConcatenations;
import dev.unnoise.graph.pass.SplitUpsampling;
import dev.unnoise.graph.pass.StackAttentionProjections;
import dev.unnoise.graph.pass.StackProjections;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.Device;
import dev.unnoise.graph.run.DeviceInfo;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.NoisingJob;
import dev.unnoise.graph.run.Precision;
import java.util.ArrayList;
import java.util.List;

/** The machine's processors. */
final class CpuDevice implements Device {
  /** oneDNN reads no upsampled tensors; everything else that it can fuse is fused. */
  private static final List<Pass> PASSES =
      List.of(
          new SplitUpsampling(),
          new StackAttentionProjections(),
          new ReadConcatenations(),
          new FuseNormalization(),
          new FuseEpilogues(),
          new FoldBiases(),
          new StackProjections());

  private final DeviceInfo info;
  private final OneDnn oneDnn;
  private final Workers workers;
  private final List<CpuNetwork> loaded = new ArrayList<>();

  CpuDevice(DeviceInfo info, int threads) {
    this.info = info;
    this.oneDnn = new OneDnn();
    this.workers = new Workers(threads);
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
    if (precision != Precision.FP32) {
      throw new BackendException("backend cpu computes in fp32 only, not in " + precision.label());
    }
    CpuNetwork ready = new CpuNetwork(oneDnn, workers, lower(network), weights, loaded::remove);
    loaded.add(ready);
    return ready;
  }

  @Override
  public void noise(NoisingJob job) {
    HostNoising.run(job);
  }

  @Override
  public void close() {
    List.copyOf(loaded).forEach(CpuNetwork::close);
    workers.close();
    oneDnn.close();
  }
}
