package dev.unnoise.sampling;

import dev.unnoise.graph.run.RunReport;

/**
 * What sampling did.
 *
 * @param images finished
 * @param imageSteps images times network evaluations per image, guidance counted once
 * @param nanos time of the sampling loops
 * @param launchesPerStep of a full batch
 * @param hostSyncsInLoop waits of the host inside the loops
 * @param allocationsInLoop allocations of device memory inside the loops
 */
public record SampleReport(
    long images, long imageSteps, long nanos, long launchesPerStep, long hostSyncsInLoop, long allocationsInLoop) {
  static final SampleReport NOTHING = new SampleReport(0, 0, 0, 0, 0, 0);

  SampleReport plus(int batchImages, RunReport run) {
    return new SampleReport(
        images + batchImages,
        imageSteps + run.imageSteps(),
        nanos + run.nanos(),
        Math.max(launchesPerStep, run.launchesPerStep()),
        hostSyncsInLoop + run.hostSyncsInLoop(),
        allocationsInLoop + run.allocationsInLoop());
  }

  /** This and then another on the same device. */
  SampleReport then(SampleReport other) {
    return sum(other, nanos + other.nanos);
  }

  /** This and another at the same time on another device. */
  SampleReport besides(SampleReport other) {
    return sum(other, Math.max(nanos, other.nanos));
  }

  private SampleReport sum(SampleReport other, long time) {
    return new SampleReport(
        images + other.images,
        imageSteps + other.imageSteps,
        time,
        Math.max(launchesPerStep, other.launchesPerStep),
        hostSyncsInLoop + other.hostSyncsInLoop,
        allocationsInLoop + other.allocationsInLoop);
  }

  /** Image-steps per second of loop time. */
  public double imageStepsPerSecond() {
    return imageSteps / (nanos * 1e-9);
  }
}
