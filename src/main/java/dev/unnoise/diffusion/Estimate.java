package dev.unnoise.diffusion;

/**
 * How x_t and the network's output m give estimates of the clean image and of the noise:
 * x_0 = x0FromSample·x + x0FromOutput·m and ε = epsilonFromSample·x + epsilonFromOutput·m.
 */
record Estimate(double x0FromSample, double x0FromOutput, double epsilonFromSample, double epsilonFromOutput) {

  /**
   * The estimates at a timestep.
   *
   * @throws SamplerException if the network predicts noise where there is nothing else (ᾱ = 0 in single precision)
   */
  static Estimate at(String sampler, PredictionType predictionType, double alphaCumprod, int timestep) {
    double signal = Math.sqrt(alphaCumprod);
    double noise = Math.sqrt(1 - alphaCumprod);
    return switch (predictionType) {
      case EPSILON -> {
        if ((float) alphaCumprod == 0) {
          throw new SamplerException(
              "timestep " + timestep + " is pure noise (its alphasCumprod is 0), where " + sampler
                  + " cannot start from a network that predicts epsilon");
        }
        yield new Estimate(1 / signal, -noise / signal, 0, 1);
      }
      case SAMPLE -> new Estimate(0, 1, 1 / noise, -signal / noise);
      case V_PREDICTION -> new Estimate(signal, -noise, noise, signal);
    };
  }
}
