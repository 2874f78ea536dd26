package dev.unnoise.backend.reference;

import dev.unnoise.backend.host.ComputedBy;
import dev.unnoise.backend.host.Evaluation;
import dev.unnoise.backend.host.Evaluator;
import dev.unnoise.graph.Graph;
import dev.unnoise.graph.Network;
import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Tensor;
import java.util.function.Function;

/** The denoiser, interpreted. */
final class ReferenceEvaluator implements Evaluator {
  private final Interpreter interpreter;
  private final Graph graph;
  private final Tensor sample;
  private final float[] conditioning;
  private final float[] timestep;

  ReferenceEvaluator(Graph graph, Function<Parameter, float[]> parameters) {
    this.graph = graph;
    this.interpreter = new Interpreter(graph, parameters);
    this.sample = graph.input(Network.SAMPLE);
    this.conditioning = interpreter.input(graph.input(Network.CONDITIONING));
    this.timestep = interpreter.input(graph.input(Network.TIMESTEP));
  }

  @Override
  public void evaluate(Evaluation[] evaluations, int count) {
    for (int i = 0; i < count; i++) {
      evaluate(evaluations[i]);
    }
  }

  private void evaluate(Evaluation evaluation) {
    float[] pixels = interpreter.input(sample);
    int area = Math.toIntExact(sample.shape().pixels());
    for (int c = 0; c < sample.channels(); c++) {
      for (int pixel = 0; pixel < area; pixel++) {
        pixels[pixel * sample.channelStride() + c] = evaluation.sample()[c * area + pixel];
      }
    }
    System.arraycopy(evaluation.table(), evaluation.rowOffset(), conditioning, 0, conditioning.length);
    timestep[0] = evaluation.timestep();
    interpreter.run();
    interpreter.read(graph.output(), evaluation.output());
  }

  @Override
  public void time(int count, long[] nanos) {
    for (int i = 0; i < count; i++) {
      interpreter.run(nanos);
    }
  }

  @Override
  public ComputedBy computedBy(int node) {
    return ComputedBy.JAVA;
  }

  @Override
  public long launches() {
    return graph.nodes().size();
  }
}
