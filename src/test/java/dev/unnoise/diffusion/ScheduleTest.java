package dev.unnoise.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.unnoise.graph.run.NoisingJob;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class ScheduleTest {
  /** alphas_cumprod of diffusers' schedulers (single precision there) at t = 0, 500 and 999 of 1000. */
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "LINEAR, 0.99989998, 0.07779665, 4.0358304e-05",
    "SCALED_LINEAR, 0.99989998, 0.33127463, 7.3341199e-04",
    "SQUAREDCOS_CAP_V2, 0.99995869, 0.49228504, 2.4287350e-09",
    "SIGMOID, 0.99985081, 0.29888758, 3.9681821e-05",
    "LAPLACE, 0.97884625, 0.70728344, 0.03162277",
  })
  void agreesWithDiffusers(BetaSchedule kind, double first, double middle, double last) {
    NoiseSchedule schedule = new NoiseSchedule(kind.betas(1000, 1e-4, 0.02));
    assertEquals(first, schedule.alphaCumprod(0), 1e-6 * first);
    assertEquals(middle, schedule.alphaCumprod(500), 1e-5 * middle);
    assertEquals(last, schedule.alphaCumprod(999), 1e-4 * last);
  }

  @ParameterizedTest
  @EnumSource(BetaSchedule.class)
  void signalOnlyFalls(BetaSchedule kind) {
    NoiseSchedule schedule = new NoiseSchedule(kind.betas(1000, 1e-4, 0.02));
    for (int t = 1; t < 1000; t++) {
      assertTrue(schedule.alphaCumprod(t) < schedule.alphaCumprod(t - 1));
    }
  }

  @Test
  void zeroTerminalSnrKeepsTheFirstAndEmptiesTheLast() {
    NoiseSchedule schedule = new NoiseSchedule(BetaSchedule.LINEAR.betas(1000, 1e-4, 0.02));
    NoiseSchedule rescaled = schedule.withZeroTerminalSnr();
    assertEquals(schedule.alphaCumprod(0), rescaled.alphaCumprod(0), 1e-12);
    assertEquals(0, rescaled.alphaCumprod(999));
    assertTrue(rescaled.alphaCumprod(998) > 0);
  }

  @Test
  void levelsMixSignalAndNoiseToUnitVariance() {
    NoiseSchedule schedule = new NoiseSchedule(BetaSchedule.LINEAR.betas(1000, 1e-4, 0.02));
    for (int t : new int[] {0, 300, 999}) {
      NoisingJob.Level closed = schedule.closedForm(t);
      assertEquals(1, closed.signal() * closed.signal() + closed.noise() * closed.noise(), 1e-12);
      assertEquals(0, closed.draw());
      NoisingJob.Level step = schedule.oneStep(t);
      assertEquals(Math.sqrt(schedule.beta(t)), step.noise(), 1e-12);
      assertEquals((1L << 31) + t, Integer.toUnsignedLong(step.draw()));
    }
  }

  /** Where halves are rounded, which numpy.arange decides by how it steps. */
  @ParameterizedTest(name = "{0} of {1}")
  @CsvSource(
      delimiter = '|',
      value = {"48 | 1000 | 999 978 957 936 916 895 874 853 832 811", "12 | 50 | 49 45 41 37 32 28 24 20 16 12 7 3"})
  void trailingRoundsAsNumpy(int steps, int trainTimesteps, String first) {
    int[] timesteps = TimestepSpacing.TRAILING.timesteps(trainTimesteps, steps, 0);
    int[] expected = Arrays.stream(first.split(" ")).mapToInt(Integer::parseInt).toArray();
    assertArrayEquals(expected, Arrays.copyOf(timesteps, expected.length));
  }

  /** Bayes' rule for normals: q(x_s | x_t, x_0) is proportional to q(x_t | x_s) q(x_s | x_0). */
  @ParameterizedTest(name = "from {0} to {1}")
  @CsvSource({"999, 998", "500, 400", "20, 0", "7, -1"})
  void thePosteriorFollowsFromBayes(int t, int previous) {
    NoiseSchedule schedule = new NoiseSchedule(BetaSchedule.LINEAR.betas(1000, 1e-4, 0.02));
    double before = schedule.alphaCumprod(previous);
    double alpha = schedule.alphaCumprod(t) / before;
    double precisionOfStep = alpha / (1 - alpha);
    NoiseSchedule.Posterior posterior = schedule.posterior(t, previous);
    if (previous == -1) {
      assertEquals(0, posterior.variance());
      assertEquals(1, posterior.ofClean(), 1e-9);
      assertEquals(0, posterior.ofSample(), 1e-9);
      return;
    }
    double precision = precisionOfStep + 1 / (1 - before);
    assertEquals(1 / precision, posterior.variance(), 1e-9);
    assertEquals(Math.sqrt(alpha) / (1 - alpha) / precision, posterior.ofSample(), 1e-9);
    assertEquals(Math.sqrt(before) / (1 - before) / precision, posterior.ofClean(), 1e-9);
  }

  @Test
  void timestepsOutsideTheScheduleAreNamed() {
    NoiseSchedule schedule = new NoiseSchedule(BetaSchedule.LINEAR.betas(10, 1e-4, 0.02));
    SamplerException e = assertThrows(SamplerException.class, () -> schedule.closedForm(10));
    assertEquals("timestep 10 is not within [0, 9]", e.getMessage());
    assertThrows(SamplerException.class, () -> schedule.posterior(3, 3));
    assertThrows(SamplerException.class, () -> new NoiseSchedule(new double[] {0.1, 1.5}));
  }

  /** set_timesteps of diffusers' DDPMScheduler. */
  @ParameterizedTest(name = "{0} {1} {2} {3}")
  @CsvSource({
    "LEADING, 1000, 4, 0, 750 500 250 0",
    "LEADING, 1000, 4, 1, 751 501 251 1",
    "LEADING, 1000, 3, 0, 666 333 0",
    "TRAILING, 1000, 3, 0, 999 666 332",
    "TRAILING, 1000, 4, 0, 999 749 499 249",
    "TRAILING, 1000, 7, 0, 999 856 713 570 428 285 142",
    "LINSPACE, 1000, 4, 0, 999 666 333 0",
    "LINSPACE, 1000, 3, 0, 999 500 0",
    "LINSPACE, 1000, 7, 0, 999 832 666 500 333 166 0",
    "LINSPACE, 1000, 1, 0, 0",
    "LEADING, 10, 10, 0, 9 8 7 6 5 4 3 2 1 0",
  })
  void timestepsAreDiffusers(TimestepSpacing spacing, int train, int steps, int offset, String expected) {
    int[] wanted = Arrays.stream(expected.split(" ")).mapToInt(Integer::parseInt).toArray();
    assertArrayEquals(wanted, spacing.timesteps(train, steps, offset));
  }

  @ParameterizedTest
  @EnumSource(TimestepSpacing.class)
  void everyStepCountVisitsDistinctTimestepsInRange(TimestepSpacing spacing) {
    for (int steps = 1; steps <= 1000; steps++) {
      int[] timesteps = spacing.timesteps(1000, steps, 0);
      assertEquals(steps, timesteps.length);
      for (int i = 1; i < steps; i++) {
        assertTrue(timesteps[i] < timesteps[i - 1], spacing + " " + steps);
      }
    }
  }

  @Test
  void anOffsetBeyondTheLastTimestepIsNamed() {
    SamplerException e =
        assertThrows(SamplerException.class, () -> TimestepSpacing.LEADING.timesteps(1000, 1000, 1));
    assertTrue(e.getMessage().contains("steps_offset 1"), e.getMessage());
  }
}
