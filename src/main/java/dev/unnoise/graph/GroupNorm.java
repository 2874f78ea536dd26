package dev.unnoise.graph;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Group normalisation (Wu and He 2018) over one tensor or over the concatenation of several, whose groups may
 * straddle a seam: y = (x - mean) / √(variance + epsilon) · weight + bias, then modulation, then activation.
 *
 * @param sources concatenated along the channels
 * @param weight shape [channels]
 * @param bias shape [channels]
 * @param groups divides the channels
 * @param epsilon added to the variance
 * @param modulation y · (1 + scale) + shift, if present
 */
public record GroupNorm(
    String name,
    List<Tensor> sources,
    Parameter weight,
    Parameter bias,
    int groups,
    double epsilon,
    Optional<Modulation> modulation,
    Activation activation,
    Tensor output)
    implements Node {

  /**
   * One scale and one shift per image and channel.
   *
   * @param scale vector of as many channels as the norm
   * @param shift likewise
   */
  public record Modulation(Tensor scale, Tensor shift) {}

  public GroupNorm {
    sources = List.copyOf(sources);
    Shape shape = Concatenate.infer(name, sources);
    if (groups < 1 || shape.channels() % groups != 0) {
      throw new ShapeException(name, shape.channels() + " channels cannot be split into " + groups + " groups");
    }
    Require.parameter(name, weight, shape.channels());
    Require.parameter(name, bias, shape.channels());
    String layer = name;
    modulation.ifPresent(
        m -> {
          Require.vector(layer, m.scale(), shape.channels());
          Require.vector(layer, m.shift(), shape.channels());
        });
    Require.shape(name, output, shape);
  }

  public GroupNorm withModulation(Modulation newModulation, Tensor newOutput) {
    return new GroupNorm(
        name, sources, weight, bias, groups, epsilon, Optional.of(newModulation), activation, newOutput);
  }

  public GroupNorm withActivation(Activation newActivation, Tensor newOutput) {
    return new GroupNorm(name, sources, weight, bias, groups, epsilon, modulation, newActivation, newOutput);
  }

  public GroupNorm withSources(List<Tensor> newSources) {
    return new GroupNorm(name, newSources, weight, bias, groups, epsilon, modulation, activation, output);
  }

  @Override
  public List<Tensor> inputs() {
    List<Tensor> inputs = new ArrayList<>(sources);
    modulation.ifPresent(m -> inputs.addAll(List.of(m.scale(), m.shift())));
    return inputs;
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(weight, bias);
  }

  @Override
  public Node withTensors(List<Tensor> inputs, Tensor newOutput) {
    int n = sources.size();
    Optional<Modulation> newModulation =
        modulation.map(old -> new Modulation(inputs.get(n), inputs.get(n + 1)));
    return new GroupNorm(
        name, inputs.subList(0, n), weight, bias, groups, epsilon, newModulation, activation, newOutput);
  }
}
