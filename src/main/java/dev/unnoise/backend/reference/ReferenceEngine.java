package dev.unnoise.backend.reference;

import dev.unnoise.backend.host.Engine;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Parameter;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicReference;
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
    AtomicReference<Throwable> failure = new AtomicReference<>();
    // Nothing is thrown inside: a parallel stream would not wait for the tasks that still run.
    IntStream.range(0, images).parallel().forEach(n -> run(task, n, failure));
    switch (failure.get()) {
      case null -> {}
      case RuntimeException exception -> throw exception;
      case Error error -> throw error;
      default -> throw new AssertionError("tasks throw nothing checked", failure.get());
    }
  }

  private void run(GroupTask task, int image, AtomicReference<Throwable> failure) {
    if (failure.get() != null) {
      return;
    }
    try {
      ReferenceEvaluator evaluator = idle.poll();
      if (evaluator == null) {
        evaluator = new ReferenceEvaluator(network.denoiser(), parameters);
      }
      task.run(evaluator, image, 1);
      idle.add(evaluator);
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    }
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
