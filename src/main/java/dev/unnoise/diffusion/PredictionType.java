package dev.unnoise.diffusion;

/** What the network's output m stands for. */
public enum PredictionType implements Keyed {
  /** The noise ε (Ho et al. 2020). */
  EPSILON("epsilon"),
  /** The clean image x_0. */
  SAMPLE("sample"),
  /** v = √ᾱ ε - √(1-ᾱ) x_0 (Salimans and Ho 2022). */
  V_PREDICTION("v_prediction");

  private final String key;

  PredictionType(String key) {
    this.key = key;
  }

  @Override
  public String key() {
    return key;
  }
}
