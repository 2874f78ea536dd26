package dev.unnoise.model;

import dev.unnoise.diffusion.Keyed;

/** How a block changes the resolution: {@code downsample_type}, {@code upsample_type}. */
public enum Resampling implements Keyed {
  /** A convolution: with stride 2 on the way down, after nearest-neighbour upsampling on the way up. */
  CONV("conv"),
  /** A residual block that averages or repeats pixels inside. */
  RESNET("resnet");

  private final String key;

  Resampling(String key) {
    this.key = key;
  }

  @Override
  public String key() {
    return key;
  }
}
