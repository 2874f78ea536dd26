package dev.unnoise.graph.run;

/**
 * What a sampling loop did, between its first and its last step. What a card does before the first step is not in it:
 * x_T, the first rows of the conditioning table, recording a step; nor is bringing images back.
 *
 * @param imageSteps images times table rows
 * @param nanos time of the loop
 * @param launchesPerStep kernels or library calls started for one row of the table
 * @param hostSyncsInLoop how often the host waited for the device
 * @param allocationsInLoop how often device or native memory was allocated
 */
public record RunReport(
    long imageSteps, long nanos, long launchesPerStep, long hostSyncsInLoop, long allocationsInLoop) {}
