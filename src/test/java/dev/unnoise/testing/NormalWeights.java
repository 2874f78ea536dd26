package dev.unnoise.testing;

import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Weights;
import java.util.Random;

/** Normal random weights, biases and norms included, scaled by fan-in; the same for the same name and seed. */
public record NormalWeights(long seed) implements Weights {
  @Override
  public float[] load(Parameter.Stored parameter) {
    Random random = new Random(seed * 31 + parameter.name().hashCode());
    float[] values = new float[Math.toIntExact(parameter.elements())];
    double fanIn = (double) parameter.elements() / parameter.shape().getFirst();
    boolean norm = parameter.shape().size() == 1 && parameter.name().endsWith("weight");
    double scale = parameter.shape().size() == 1 ? 0.3 : 1 / Math.sqrt(fanIn);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * scale + (norm ? 1 : 0));
    }
    return values;
  }
}
