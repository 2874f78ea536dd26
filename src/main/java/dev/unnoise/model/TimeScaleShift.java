package dev.unnoise.model;

import dev.unnoise.diffusion.Keyed;

/** How a residual block uses its time projection: {@code resnet_time_scale_shift}. */
public enum TimeScaleShift implements Keyed {
  /** Added before the second norm. */
  DEFAULT("default"),
  /** Scale and shift applied after the second norm. */
  SCALE_SHIFT("scale_shift");

  private final String key;

  TimeScaleShift(String key) {
    this.key = key;
  }

  @Override
  public String key() {
    return key;
  }
}
