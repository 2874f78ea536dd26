package dev.unnoise.backend.cpu.kernel;

import dev.unnoise.graph.GroupNorm;
import java.util.Optional;

/** A group norm, prepared: its parameters as arrays. */
final class GroupNormRecipe implements Recipe {
  private final GroupNorm node;
  private final float[] weight;
  private final float[] bias;

  GroupNormRecipe(PreparedWeights parameters, GroupNorm node) {
    this.node = node;
    this.weight = parameters.array(node.weight());
    this.bias = parameters.array(node.bias());
  }

  @Override
  public Kernel bind(Site site) {
    GroupNormKernel[] kernels = new GroupNormKernel[site.slots()];
    for (int slot = 0; slot < kernels.length; slot++) {
      int at = slot;
      Optional<Region> scale = node.modulation().map(m -> site.region(at, m.scale()));
      Optional<Region> shift = node.modulation().map(m -> site.region(at, m.shift()));
      kernels[slot] =
          new GroupNormKernel(
              node,
              weight,
              bias,
              site.regions(slot, node.sources()).toArray(Region[]::new),
              scale.orElse(null),
              shift.orElse(null),
              site.region(slot, node.output()),
              site.staging());
    }
    return images -> {
      for (int slot = 0; slot < images; slot++) {
        kernels[slot].run();
      }
    };
  }
}
