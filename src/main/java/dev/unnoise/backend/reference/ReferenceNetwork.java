package dev.unnoise.backend.reference;

import dev.unnoise.backend.host.HostProgram;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Weights;
import dev.unnoise.graph.plan.Plan;
import dev.unnoise.graph.plan.Planner;
import dev.unnoise.graph.run.LoadedNetwork;
import dev.unnoise.graph.run.Program;
import java.util.HashMap;
import java.util.Map;

/** Parameters as arrays on the heap. */
final class ReferenceNetwork implements LoadedNetwork {
  private final Network network;
  private final Map<Parameter, float[]> parameters = new HashMap<>();

  ReferenceNetwork(Network network, Weights weights) {
    this.network = network;
    network.parameters().forEach(parameter -> parameters.put(parameter, weights.resolve(parameter)));
  }

  @Override
  public Plan plan(int batch) {
    return Planner.plan(network.denoiser(), batch, Interpreter.LIMITS);
  }

  @Override
  public long programBytes(int batch) {
    return Planner.plan(network.denoiser(), 1, Interpreter.LIMITS).bytes() * Math.min(batch, Runtime.getRuntime().availableProcessors());
  }

  @Override
  public long parameterBytes() {
    return parameters.values().stream().mapToLong(values -> (long) values.length * Float.BYTES).sum();
  }

  @Override
  public Program compile(int batch) {
    return new HostProgram(new ReferenceEngine(network, parameters::get), batch);
  }

  @Override
  public void close() {
    parameters.clear();
  }
}
