package dev.unnoise.backend.host;

/**
 * One image's evaluation of the denoiser: what goes in and where the prediction goes. Images are float arrays in
 * C,H,W order.
 */
public final class Evaluation {
  private final float[] sample;
  private final float[] output;
  private float timestep;
  private float[] table;
  private int rowOffset;

  Evaluation(float[] sample, float[] output) {
    this.sample = sample;
    this.output = output;
  }

  void set(float newTimestep, float[] newTable, int newRowOffset) {
    timestep = newTimestep;
    table = newTable;
    rowOffset = newRowOffset;
  }

  /** The noisy image. */
  public float[] sample() {
    return sample;
  }

  /** Receives what the network predicts. */
  public float[] output() {
    return output;
  }

  /** For networks that divide by it. */
  public float timestep() {
    return timestep;
  }

  /** Rows of the conditioning table. */
  public float[] table() {
    return table;
  }

  /** Where this evaluation's row begins in {@link #table()}. */
  public int rowOffset() {
    return rowOffset;
  }
}
