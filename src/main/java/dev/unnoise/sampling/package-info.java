/**
 * unnoise for programs: open a {@linkplain dev.unnoise.model.Checkpoint checkpoint} and a device, make a {@link
 * dev.unnoise.sampling.Pipeline} of them, and sample.
 */
package dev.unnoise.sampling;
