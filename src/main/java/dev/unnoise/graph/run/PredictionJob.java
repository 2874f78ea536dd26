package dev.unnoise.graph.run;

import java.lang.foreign.MemorySegment;

/**
 * One evaluation of the network on a batch.
 *
 * @param images number of images
 * @param input noisy images, float32 N,C,H,W
 * @param timestep the same for all
 * @param labels class of each image; empty for a network without classes
 * @param output what the network predicts, all channels, float32 N,C,H,W
 */
public record PredictionJob(
    int images, MemorySegment input, double timestep, int[] labels, MemorySegment output) {
  public PredictionJob {
    if (images < 1) {
      throw new IllegalArgumentException("a prediction needs at least one image");
    }
    if (labels.length != 0 && labels.length != images) {
      throw new IllegalArgumentException(labels.length + " labels for " + images + " images");
    }
  }
}
