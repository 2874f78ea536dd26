package dev.unnoise.graph;

import java.util.List;

/**
 * The positional embedding of a number v (Vaswani et al. 2017, section 3.5): sines and cosines of v · f_i with
 * f_i = 10000^(-i / (half - frequencyShift)), i = 0 … half - 1, half = channels / 2. An odd last channel is zero.
 *
 * @param source a vector of one entry, the number
 * @param cosineFirst cosines before sines (diffusers: {@code flip_sin_to_cos})
 * @param frequencyShift diffusers: {@code freq_shift}
 */
public record SinusoidalEmbedding(
    String name, Tensor source, boolean cosineFirst, double frequencyShift, Tensor output) implements Node {
  /** 1/f of the slowest frequency, were the shift zero and i = half. */
  public static final double MAX_PERIOD = 10000;

  public SinusoidalEmbedding {
    Require.vector(name, source, 1);
    Require.vector(name, output, output.channels());
  }

  /** The frequencies, rounded to single precision where PyTorch rounds. */
  public float[] frequencies() {
    int half = output.channels() / 2;
    float[] frequencies = new float[half];
    for (int i = 0; i < half; i++) {
      float exponent = (float) -Math.log(MAX_PERIOD) * i / (float) (half - frequencyShift);
      frequencies[i] = (float) Math.exp(exponent);
    }
    return frequencies;
  }

  @Override
  public List<Tensor> inputs() {
    return List.of(source);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    return new SinusoidalEmbedding(name, inputs.get(0), cosineFirst, frequencyShift, newOutput);
  }
}
