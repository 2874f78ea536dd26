package dev.unnoise.graph.run;

/**
 * One network evaluation of a sampler: how the output m (after guidance), the state x and earlier estimates make the
 * next state.
 *
 * <pre>
 * x0 = clip(x0FromSample·x + x0FromOutput·m)
 * x' = sample·x + output·m + x0·x0 + history1·h1 + history2·h2 + σ·z
 * </pre>
 *
 * h1 and h2 are the x0 of the last two evaluations that were remembered, z is standard normal noise, and σ is
 * {@code noise}, or with a learned variance {@code noise · exp(½ (low + (v + 1)/2 · (high - low)))}, v being the
 * second half of the network's output channels. x is in variance-preserving coordinates, as the network reads it.
 *
 * @param timestep what the network is conditioned on; fractional for some spacings
 * @param draw the Philox draw of z (see SEMANTICS: draw 1 + k for step k); unused where σ is 0
 * @param lowLogVariance the learned log variance at v = -1; unused with a fixed variance
 * @param highLogVariance the learned log variance at v = 1; unused with a fixed variance
 * @param remember whether this evaluation's x0 becomes h1 (and h1 becomes h2)
 */
public record StepRow(
    double timestep,
    double x0FromSample,
    double x0FromOutput,
    double sample,
    double output,
    double x0,
    double history1,
    double history2,
    double noise,
    int draw,
    double lowLogVariance,
    double highLogVariance,
    boolean remember) {}
