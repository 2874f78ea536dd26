package dev.unnoise.backend.reference;

import dev.unnoise.backend.host.Engine;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Parameter;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Function;
import java.util.stream.IntStream;

/** Evaluators in plain Java, one a processor. */
final class ReferenceEngine implements Engine {
  private final Network network;
  private final Interpreter conditioning;
  private final Function<Parameter, float[]> parameters;
  private final ConcurrentLinkedQueue<ReferenceEvaluator> idle = new ConcurrentLinkedQueue<>();

  ReferenceEngine(Network network, Function<Parameter, float[]> parameters) {
    this.network = network;
    this.parameters = parameters;
    this.conditioning = new Interpreter(network.conditioning(), parameters);
  }

  @Override
  public Network network() {
    return network;
  }

  @Override
  public void condition(float[] timesteps, float[] labels, float[] table) {
    Graph graph = network.conditioning();
    float[] row = new float[network.conditioningWidth()];
    for (int i = 0; i < timesteps.length; i++) {
      conditioning.input(graph.input(Network.TIMESTEP))[0] = timesteps[i];
      if (network.labelled()) {
        conditioning.input(graph.input(Network.LABEL))[0] = labels[i];
      }
      conditioning.run();
      conditioning.read(graph.output(), row);
      System.arraycopy(row, 0, table, i * row.length, row.length);
    }
  }

  @Override
  public void forEachGroup(int images, int evaluationsPerImage, GroupTask task) {
    IntStream.range(0, images)
        .parallel()
        .forEach(
            n -> {
              ReferenceEvaluator evaluator = idle.poll();
              if (evaluator == null) {
                evaluator = new ReferenceEvaluator(network.denoiser(), parameters);
              }
              task.run(evaluator, n, 1);
              idle.add(evaluator);
            });
  }

  @Override
  public int lanes(int images) {
    return Math.min(images, Runtime.getRuntime().availableProcessors());
  }

  @Override
  public long allocations() {
    return 0;
  }

  @Override
  public void close() {
    idle.clear();
  }
}
