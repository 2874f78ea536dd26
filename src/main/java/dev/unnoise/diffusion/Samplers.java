package dev.unnoise.diffusion;

import java.util.List;
import java.util.Optional;

/** The samplers there are. */
public final class Samplers {
  private static final List<Sampler> ALL = List.of(new DdpmSampler(), new DdimSampler());

  private Samplers() {}

  /** Every sampler's name. */
  public static List<String> names() {
    return ALL.stream().map(Sampler::name).toList();
  }

  /** The sampler of this name. */
  public static Optional<Sampler> named(String name) {
    return ALL.stream().filter(sampler -> sampler.name().equals(name)).findFirst();
  }

  /** The sampler that a scheduler configuration names. */
  public static Optional<Sampler> of(SchedulerConfig config) {
    return ALL.stream().filter(sampler -> sampler.schedulerClass().equals(config.schedulerClass())).findFirst();
  }
}
