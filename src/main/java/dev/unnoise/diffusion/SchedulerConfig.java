package dev.unnoise.diffusion;

import dev.unnoise.graph.run.Clipping;
import java.util.List;
import java.util.Optional;

/**
 * What {@code scheduler_config.json} says. Keys that samplers have in common are read by all of them; a key that the
 * file leaves out takes the default of the sampler that asks.
 *
 * @param schedulerClass diffusers' class, for example {@code DDPMScheduler}
 * @param trainTimesteps T, at least 1
 * @param betaStart in [0, 1]
 * @param betaEnd in [0, 1]
 * @param trainedBetas explicit β_t, which win over the schedule; T entries
 * @param rescaleBetasZeroSnr whether the last timestep becomes pure noise
 * @param timestepSpacing empty if the file leaves it out
 * @param stepsOffset added by the spacing {@code leading}
 * @param clipSample whether x_0 is clamped to ±clipSampleRange
 * @param thresholding whether x_0 is thresholded dynamically, which wins over clipping
 * @param dynamicThresholdingRatio the quantile, in [0, 1]
 * @param sampleMaxValue upper bound of the dynamic threshold
 * @param setAlphaToOne whether DDIM's last step ends at ᾱ = 1 rather than at ᾱ_0
 */
public record SchedulerConfig(
    String schedulerClass,
    int trainTimesteps,
    double betaStart,
    double betaEnd,
    BetaSchedule betaSchedule,
    Optional<List<Double>> trainedBetas,
    boolean rescaleBetasZeroSnr,
    PredictionType predictionType,
    VarianceType varianceType,
    Optional<TimestepSpacing> timestepSpacing,
    int stepsOffset,
    boolean clipSample,
    double clipSampleRange,
    boolean thresholding,
    double dynamicThresholdingRatio,
    double sampleMaxValue,
    boolean setAlphaToOne) {

  /** diffusers' defaults of {@code DDPMScheduler} for a schedule that no file describes. */
  public static SchedulerConfig defaults(
      BetaSchedule schedule, int trainTimesteps, double betaStart, double betaEnd) {
    return new SchedulerConfig(
        "DDPMScheduler",
        trainTimesteps,
        betaStart,
        betaEnd,
        schedule,
        Optional.empty(),
        false,
        PredictionType.EPSILON,
        VarianceType.FIXED_SMALL,
        Optional.empty(),
        0,
        true,
        1,
        false,
        0.995,
        1,
        true);
  }

  /** The forward process described. */
  public NoiseSchedule noiseSchedule() {
    double[] betas =
        trainedBetas
            .map(list -> list.stream().mapToDouble(Double::doubleValue).toArray())
            .orElseGet(() -> betaSchedule.betas(trainTimesteps, betaStart, betaEnd));
    NoiseSchedule schedule = new NoiseSchedule(betas);
    return rescaleBetasZeroSnr ? schedule.withZeroTerminalSnr() : schedule;
  }

  /** What the samplers that clip do with x_0. */
  public Clipping clipping() {
    if (thresholding) {
      return new Clipping.Dynamic(dynamicThresholdingRatio, sampleMaxValue);
    }
    return clipSample ? new Clipping.Range(clipSampleRange) : new Clipping.None();
  }
}
