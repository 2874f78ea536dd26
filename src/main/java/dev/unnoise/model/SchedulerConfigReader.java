package dev.unnoise.model;

import dev.unnoise.diffusion.BetaSchedule;
import dev.unnoise.diffusion.PredictionType;
import dev.unnoise.diffusion.SchedulerConfig;
import dev.unnoise.diffusion.TimestepSpacing;
import dev.unnoise.diffusion.VarianceType;
import java.util.List;
import java.util.Optional;

/** Reads a scheduler_config.json. */
final class SchedulerConfigReader {
  private SchedulerConfigReader() {}

  static SchedulerConfig read(JsonConfig json) {
    int trainTimesteps = json.integer("num_train_timesteps", 1000, 1);
    Optional<List<Double>> trainedBetas = json.optionalFractions("trained_betas");
    trainedBetas.ifPresent(
        betas -> {
          if (betas.size() != trainTimesteps) {
            throw new ModelException(
                json.file() + ": trained_betas has " + betas.size() + " entries, expected num_train_timesteps = "
                    + trainTimesteps);
          }
        });
    return new SchedulerConfig(
        json.text("_class_name", "DDPMScheduler"),
        trainTimesteps,
        json.fraction("beta_start", 1e-4),
        json.fraction("beta_end", 0.02),
        json.choice("beta_schedule", BetaSchedule.LINEAR, BetaSchedule.class),
        trainedBetas,
        json.flag("rescale_betas_zero_snr", false),
        json.choice("prediction_type", PredictionType.EPSILON, PredictionType.class),
        json.optionalChoice("variance_type", VarianceType.FIXED_SMALL, VarianceType.class).orElse(VarianceType.FIXED_SMALL),
        json.optionalChoice("timestep_spacing", null, TimestepSpacing.class),
        json.integer("steps_offset", 0, 0),
        json.flag("clip_sample", true),
        json.positive("clip_sample_range", 1.0),
        json.flag("thresholding", false),
        json.fraction("dynamic_thresholding_ratio", 0.995),
        json.positive("sample_max_value", 1.0),
        json.flag("set_alpha_to_one", true));
  }
}
