package dev.unnoise.diffusion;

import java.util.OptionalDouble;

/**
 * What a user may set of a sampler beyond its number of steps.
 *
 * @param eta DDIM's η: 0 is deterministic, 1 adds as much noise as DDPM
 */
public record SamplerOptions(OptionalDouble eta) {
  /** Nothing set. */
  public static final SamplerOptions DEFAULT = new SamplerOptions(OptionalDouble.empty());
}
