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
  private final int lanes;
  private final ConcurrentLinkedQueue<ReferenceEvaluator> idle = new ConcurrentLinkedQueue<>();

  ReferenceEngine(Network network, Function<Parameter, float[]> parameters, int batch) {
    this.network = network;
    this.parameters = parameters;
    this.conditioning = new Interpreter(network.conditioning(), parameters);
    this.lanes = lanes(batch);
  }

  /** How many images of a batch are evaluated side by side. */
  static int lanes(int batch) {
    return Math.min(batch, Runtime.getRuntime().availableProcessors());
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
  public void forEachImage(int images, ImageTask task) {
    IntStream.range(0, images)
        .parallel()
        .forEach(
            n -> {
              ReferenceEvaluator evaluator = idle.poll();
              if (evaluator == null) {
                evaluator = new ReferenceEvaluator(network.denoiser(), parameters);
              }
              task.run(evaluator, n);
              idle.add(evaluator);
            });
  }

  @Override
  public int lanes() {
    return lanes;
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
