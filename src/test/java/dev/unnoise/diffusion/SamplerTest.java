package dev.unnoise.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.run.Clipping;
import dev.unnoise.graph.run.StepRow;
import dev.unnoise.graph.run.StepTable;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
  private static SchedulerConfig config(
      PredictionType prediction, VarianceType variance, TimestepSpacing spacing, boolean zeroSnr) {
    return new SchedulerConfig(
        "DDPMScheduler",
        1000,
        1e-4,
        0.02,
        BetaSchedule.LINEAR,
        Optional.empty(),
        zeroSnr,
        prediction,
        variance,
        Optional.of(spacing),
        0,
        true,
        1,
        false,
        0.995,
        1,
        true);
  }

  private static final SchedulerConfig PLAIN =
      config(PredictionType.EPSILON, VarianceType.FIXED_SMALL, TimestepSpacing.LEADING, false);

  private static StepTable table(String sampler, SchedulerConfig config, int steps) {
    return Samplers.named(sampler).orElseThrow().table(config, steps, SamplerOptions.DEFAULT);
  }

  /** With a perfect network a noise-free path stays on √ᾱ_t x_0 + √(1-ᾱ_t) ε and ends at x_0. */
  @ParameterizedTest
  @EnumSource(PredictionType.class)
  void ddimFollowsTheExactPath(PredictionType prediction) {
    SchedulerConfig config = config(prediction, VarianceType.FIXED_SMALL, TimestepSpacing.LEADING, false);
    NoiseSchedule schedule = config.noiseSchedule();
    double clean = 0.3;
    double noise = -1.7;
    List<StepRow> rows = table("ddim", config, 20).rows();
    double x = path(schedule, (int) rows.getFirst().timestep(), clean, noise);
    for (int k = 0; k < rows.size(); k++) {
      StepRow row = rows.get(k);
      double alphaCumprod = schedule.alphaCumprod((int) row.timestep());
      double m =
          switch (prediction) {
            case EPSILON -> noise;
            case SAMPLE -> clean;
            case V_PREDICTION -> Math.sqrt(alphaCumprod) * noise - Math.sqrt(1 - alphaCumprod) * clean;
          };
      double x0 = row.x0FromSample() * x + row.x0FromOutput() * m;
      assertEquals(clean, x0, 1e-9);
      x = row.sample() * x + row.output() * m + row.x0() * x0;
      assertEquals(0, row.noise());
      int previous = k + 1 < rows.size() ? (int) rows.get(k + 1).timestep() : -1;
      assertEquals(path(schedule, previous, clean, noise), x, 1e-9);
    }
    assertEquals(clean, x, 1e-9);
  }

  private static double path(NoiseSchedule schedule, int t, double clean, double noise) {
    double alphaCumprod = schedule.alphaCumprod(t);
    return Math.sqrt(alphaCumprod) * clean + Math.sqrt(1 - alphaCumprod) * noise;
  }

  /** Sampling x_0 ~ N(0, 1) with the exact posterior keeps every marginal at variance 1. */
  @ParameterizedTest
  @ValueSource(strings = {"ddpm", "ddim"})
  void unitVarianceIsKeptWithFullNoise(String sampler) {
    SamplerOptions options =
        sampler.equals("ddim") ? new SamplerOptions(OptionalDouble.of(1)) : SamplerOptions.DEFAULT;
    StepTable table = Samplers.named(sampler).orElseThrow().table(PLAIN, 50, options);
    NoiseSchedule schedule = PLAIN.noiseSchedule();
    for (StepRow row : table.rows()) {
      double alphaCumprod = schedule.alphaCumprod((int) row.timestep());
      // Given x of variance 1 and x_0 of variance 1, the best m leaves x_0 = √ᾱ x + √(1-ᾱ) w with w standard normal.
      double x0OfX = Math.sqrt(alphaCumprod);
      double x0OfW = Math.sqrt(1 - alphaCumprod);
      double mOfX = (x0OfX - row.x0FromSample()) / row.x0FromOutput();
      double mOfW = x0OfW / row.x0FromOutput();
      double ofX = row.sample() + row.output() * mOfX + row.x0() * x0OfX;
      double ofW = row.output() * mOfW + row.x0() * x0OfW;
      assertEquals(1, ofX * ofX + ofW * ofW + row.noise() * row.noise(), 1e-6, "timestep " + row.timestep());
    }
  }

  @Test
  void ddpmDrawsNoNoiseAtTimestepZeroAndOneDrawPerStep() {
    List<StepRow> rows = table("ddpm", PLAIN, 10).rows();
    for (int k = 0; k < 10; k++) {
      assertEquals(1 + k, rows.get(k).draw());
      assertEquals(k < 9, rows.get(k).noise() > 0);
    }
    StepTable trailing =
        table("ddpm", config(PredictionType.EPSILON, VarianceType.FIXED_LARGE, TimestepSpacing.TRAILING, false), 10);
    assertTrue(trailing.rows().getLast().noise() > 0, "the last timestep is 99, above 0");
  }

  @Test
  void variancesAreOrderedAndLogarithmsMeanTheSame() {
    double small = noise(VarianceType.FIXED_SMALL);
    double large = noise(VarianceType.FIXED_LARGE);
    assertTrue(small < large);
    assertEquals(small, noise(VarianceType.FIXED_SMALL_LOG));
    assertEquals(large, noise(VarianceType.FIXED_LARGE_LOG));
  }

  private static double noise(VarianceType variance) {
    SchedulerConfig config = config(PredictionType.EPSILON, variance, TimestepSpacing.LEADING, false);
    return table("ddpm", config, 10).rows().get(5).noise();
  }

  @Test
  void aLearnedRangeRunsFromTheSmallToTheLargeVariance() {
    SchedulerConfig config =
        config(PredictionType.EPSILON, VarianceType.LEARNED_RANGE, TimestepSpacing.LEADING, false);
    StepTable table = table("ddpm", config, 10);
    assertTrue(table.learnedVariance());
    StepRow row = table.rows().get(5);
    assertEquals(noise(VarianceType.FIXED_SMALL), Math.exp(row.lowLogVariance() / 2), 1e-12);
    assertEquals(noise(VarianceType.FIXED_LARGE), Math.exp(row.highLogVariance() / 2), 1e-12);
    SchedulerConfig plainLog = config(PredictionType.EPSILON, VarianceType.LEARNED, TimestepSpacing.LEADING, false);
    StepRow logRow = table("ddpm", plainLog, 10).rows().get(5);
    double v = -3.25;
    double logVariance =
        logRow.lowLogVariance() + (v + 1) / 2 * (logRow.highLogVariance() - logRow.lowLogVariance());
    assertEquals(v, logVariance, 1e-12);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ddpm", "ddim"})
  void epsilonCannotStartFromPureNoise(String sampler) {
    SchedulerConfig epsilon =
        config(PredictionType.EPSILON, VarianceType.FIXED_SMALL, TimestepSpacing.TRAILING, true);
    SamplerException e = assertThrows(SamplerException.class, () -> table(sampler, epsilon, 10));
    assertTrue(e.getMessage().contains("timestep 999") && e.getMessage().contains(sampler), e.getMessage());
    SchedulerConfig v =
        config(PredictionType.V_PREDICTION, VarianceType.FIXED_SMALL, TimestepSpacing.TRAILING, true);
    table(sampler, v, 10).rows().forEach(row -> assertTrue(Double.isFinite(row.x0FromSample() + row.sample())));
    SchedulerConfig startsLater =
        config(PredictionType.EPSILON, VarianceType.FIXED_SMALL, TimestepSpacing.LEADING, true);
    assertEquals(10, table(sampler, startsLater, 10).rows().size());
  }

  @Test
  void stepsAndEtaOutsideTheirRangesAreNamed() {
    assertTrue(assertThrows(SamplerException.class, () -> table("ddim", PLAIN, 1001)).getMessage().contains("1001"));
    assertThrows(SamplerException.class, () -> table("ddpm", PLAIN, 0));
    SamplerOptions eta = new SamplerOptions(OptionalDouble.of(1.5));
    assertThrows(SamplerException.class, () -> Samplers.named("ddim").orElseThrow().table(PLAIN, 10, eta));
    SamplerOptions half = new SamplerOptions(OptionalDouble.of(0.5));
    SamplerException e =
        assertThrows(SamplerException.class, () -> Samplers.named("ddpm").orElseThrow().table(PLAIN, 10, half));
    assertTrue(e.getMessage().contains("ddim"), e.getMessage());
  }

  @Test
  void oneToAllStepsWork() {
    for (int steps : new int[] {1, 2, 7, 999, 1000}) {
      assertEquals(steps, table("ddim", PLAIN, steps).rows().size());
      assertEquals(steps, table("ddpm", PLAIN, steps).rows().size());
    }
  }

  @Test
  void defaultsComeFromTheConfiguration() {
    assertEquals("ddpm", Samplers.of(PLAIN).orElseThrow().name());
    assertEquals(1000, Samplers.named("ddpm").orElseThrow().defaultSteps(PLAIN));
    assertEquals(50, Samplers.named("ddim").orElseThrow().defaultSteps(PLAIN));
    assertEquals(new Clipping.Range(1), PLAIN.clipping());
    assertFalse(Samplers.named("nothing").isPresent());
  }
}
