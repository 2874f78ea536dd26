package dev.unnoise.diffusion;

import dev.unnoise.graph.UnnoiseException;

/** Steps, options and a scheduler's configuration that do not go together. */
public final class SamplerException extends UnnoiseException {
  private static final long serialVersionUID = 1L;

  public SamplerException(String message) {
    super(message);
  }
}
