package dev.unnoise.graph.run;

import dev.unnoise.graph.plan.Plan;

/** A network whose parameters lie on a device, shared by every program compiled from it. */
public interface LoadedNetwork extends AutoCloseable {

  /** How a batch of this many images would be laid out: the lowered denoiser and its memory. */
  Plan plan(int batch);

  /**
   * Bytes of device memory that a program for this batch takes, parameters left out; more than any device has if there
   * can be no such program.
   */
  long programBytes(int batch);

  /** Bytes of device memory that the parameters take. */
  long parameterBytes();

  /**
   * Prepares to evaluate up to {@code batch} images at once; under guidance each image takes two evaluations.
   *
   * @throws BackendException if memory does not do
   */
  Program compile(int batch);

  /** Frees the parameters, and the programs compiled from them. */
  @Override
  void close();
}
