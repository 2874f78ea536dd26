package dev.unnoise.backend.gpu.network;

import dev.unnoise.backend.gpu.Closing;
import dev.unnoise.backend.gpu.Gpu;
import dev.unnoise.backend.gpu.node.DeviceParameters;
import dev.unnoise.backend.gpu.node.Programs;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Node;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.plan.Plan;
import dev.unnoise.graph.plan.Planner;
import dev.unnoise.graph.plan.PoolLimits;
import dev.unnoise.graph.run.BackendException;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Program;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** A network whose parameters lie on the device in the layouts that kernels read. */
final class GpuNetwork implements LoadedNetwork {
  private final Gpu context;
  private final Programs programs;
  private final Network lowered;
  private final DeviceParameters parameters;
  private final PoolLimits limits;
  private final Conditioner conditioner;
  private final List<GpuProgram> compiled = new ArrayList<>();
  private final Consumer<GpuNetwork> whenClosed;
  private boolean closed;

  GpuNetwork(
      Gpu context, Programs programs, Network lowered, Weights source, Consumer<GpuNetwork> whenClosed) {
    this.context = context;
    this.programs = programs;
    this.lowered = lowered;
    this.whenClosed = whenClosed;
    this.limits = new PoolLimits(context.info().alignmentBytes(), context.info().largestAllocation(), true);
    this.parameters = new DeviceParameters(context, source);
    try {
      for (Node node : lowered.conditioning().nodes()) {
        parameters.prepare(node, programs.choices());
      }
      for (Node node : lowered.denoiser().nodes()) {
        parameters.prepare(node, programs.choices());
      }
      parameters.seal();
      this.conditioner = new Conditioner(context, programs, parameters, lowered, limits);
    } catch (RuntimeException | Error e) {
      Closing.after(e, parameters::close);
      throw e;
    }
  }

  Network lowered() {
    return lowered;
  }

  Conditioner conditioner() {
    return conditioner;
  }

  @Override
  public Plan plan(int batch) {
    return Planner.plan(lowered.denoiser(), batch, limits);
  }

  @Override
  public long programBytes(int batch) {
    long largest =
        lowered.denoiser().nodes().stream().mapToLong(node -> node.output().root().bytes()).max().orElse(0);
    if (batch > context.mostGroupsAside() || largest * batch > context.info().largestAllocation()) {
      return Long.MAX_VALUE / 2;
    }
    return BoundGraph.bytes(programs, plan(batch), batch, 1)
        + conditioner.bytes()
        + SamplingBuffers.bytes(context.info(), lowered, batch)
        + programs.traits().workspaceBytes();
  }

  @Override
  public long parameterBytes() {
    return parameters.bytes();
  }

  @Override
  public Program compile(int batch) {
    if (batch > context.mostGroupsAside()) {
      throw new BackendException(
          context.info().name() + " takes at most " + context.mostGroupsAside() + " evaluations at once, not " + batch
              + "; sample fewer images at once");
    }
    BoundGraph denoiser = new BoundGraph(context, programs, parameters, plan(batch), batch, 1);
    GpuProgram program = new GpuProgram(context, programs, this, denoiser, batch, compiled::remove);
    compiled.add(program);
    return program;
  }

  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    Closing.inOrder(
        () -> Closing.each(List.copyOf(compiled), GpuProgram::close),
        conditioner::close,
        parameters::close,
        () -> whenClosed.accept(this));
  }
}
