package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.Held;
import dev.unnoise.backend.gpu.node.Choices;
import dev.unnoise.backend.gpu.node.ProductTemplate;
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
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

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

  /** Where a library of the vendor's computes products: it does not read through upsampling. */
  public static final List<Pass> PASSES_BESIDE_LIBRARY =
      PASSES.stream().filter(pass -> !(pass instanceof FuseUpsampling)).toList();

  private final Make make;
  private final Gpu gpu;
  private final Programs programs;
  private final List<GpuNetwork> loaded = new ArrayList<>();

  /**
   * What distinguishes devices.
   *
   * @param backend whose device it is
   * @param passes that lower networks for it
   * @param traits how kernels are shaped for it, in a precision
   * @param findings of the tuner, where there is a choice
   * @param libraries that compute on it, closed with it
   */
  public record Make(
      String backend,
      DeviceInfo info,
      List<Pass> passes,
      Function<Precision, Traits> traits,
      Optional<TuningFile> findings,
      Held libraries) {
    public Make {
      passes = List.copyOf(passes);
    }
  }

  /** Takes an opened device over. */
  public GpuDevice(Gpu gpu, Make make) {
    this.make = make;
    this.gpu = gpu;
    this.programs = new Programs(gpu, Choices.untuned(make.traits().apply(make.info().defaultPrecision())));
  }

  @Override
  public DeviceInfo info() {
    return make.info();
  }

  @Override
  public Network lower(Network network) {
    return Pass.applyAll(network, make.passes());
  }

  @Override
  public LoadedNetwork load(Network network, Weights weights, Precision precision) {
    if (!info().precisions().contains(precision)) {
      throw new BackendException(
          "backend " + make.backend() + " computes in " + Precision.labels(info().precisions()) + ", not in "
              + precision.label());
    }
    Traits traits = make.traits().apply(precision);
    Map<String, ProductTemplate> tuned = make.findings().map(TuningFile::read).orElse(Map.of());
    Programs chosen = programs.choosing(new Choices(traits, tuned));
    GpuNetwork ready = new GpuNetwork(gpu, chosen, stored(lower(network), precision), weights, loaded::remove);
    loaded.add(ready);
    return ready;
  }

  /** A lowered network as it runs in a precision. */
  public static Network stored(Network lowered, Precision precision) {
    return new StoreAs(precision.storage()).apply(lowered);
  }

  @Override
  public Optional<Tuner> tuner() {
    return make.findings()
        .map(file -> new ProductTuner(gpu, programs, file, (network, precision) -> stored(lower(network), precision)));
  }

  @Override
  public void noise(NoisingJob job) {
    DeviceNoising.run(gpu, programs, job);
  }

  @Override
  public void close() {
    Closing.inOrder(
        () -> Closing.each(List.copyOf(loaded), GpuNetwork::close),
        programs::close,
        make.libraries()::close,
        gpu::close);
  }
}
