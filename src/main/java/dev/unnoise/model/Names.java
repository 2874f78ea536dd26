package dev.unnoise.model;

import dev.unnoise.graph.Parameter;
import java.util.List;

/** Parameters by the names that diffusers gives them. */
final class Names {
  private Names() {}

  /** The matrix of a linear layer. */
  static Parameter matrix(String layer, int outChannels, int inChannels) {
    return new Parameter.Stored(layer + ".weight", List.of(outChannels, inChannels));
  }

  /** The weight of a norm, or the frequencies of a Fourier embedding. */
  static Parameter vector(String layer, int channels) {
    return new Parameter.Stored(layer + ".weight", List.of(channels));
  }

  static Parameter bias(String layer, int channels) {
    return new Parameter.Stored(layer + ".bias", List.of(channels));
  }
}
