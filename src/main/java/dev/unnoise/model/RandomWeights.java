package dev.unnoise.model;

import dev.unnoise.graph.Parameter;
import dev.unnoise.graph.Weights;
import java.util.Arrays;
import java.util.SplittableRandom;

/**
 * Weights for benchmarks: the same for the same name and seed, scaled so that activations keep their size.
 * Vectors named weight are ones and biases zeros; matrices and kernels are uniform with variance 1 / fan-in.
 *
 * @param seed of all of them
 */
public record RandomWeights(long seed) implements Weights {
  @Override
  public float[] load(Parameter.Stored parameter) {
    float[] values = new float[Math.toIntExact(parameter.elements())];
    if (parameter.shape().size() == 1) {
      Arrays.fill(values, parameter.name().endsWith("bias") ? 0 : 1);
      return values;
    }
    SplittableRandom random = new SplittableRandom(seed ^ ((long) parameter.name().hashCode() << 32));
    double fanIn = (double) parameter.elements() / parameter.shape().getFirst();
    float range = (float) Math.sqrt(3 / fanIn);
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextInt() * 0x1p-31f * range;
    }
    return values;
  }
}
