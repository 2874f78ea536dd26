package dev.unnoise.backend.host;

import dev.unnoise.graph.Network;

/** What {@link HostProgram} needs of a backend: evaluators and a way to share images among them. */
public interface Engine extends AutoCloseable {

  /** The lowered network. */
  Network network();

  /**
   * Computes rows of the conditioning table.
   *
   * @param timesteps one per row
   * @param labels one per row; ignored by networks without classes
   * @param table receives the rows one after another
   */
  void condition(float[] timesteps, float[] labels, float[] table);

  /**
   * Calls {@code task} once for every image in [0, images), on as many evaluators at once as pay.
   *
   * @throws RuntimeException the first thing a task threw; no further tasks are begun after it
   */
  void forEachImage(int images, ImageTask task);

  /** How many images are evaluated side by side when there are enough. */
  int lanes();

  /** How often native memory has been allocated so far. */
  long allocations();

  @Override
  void close();

  /** Work on one image. */
  @FunctionalInterface
  interface ImageTask {
    void run(Evaluator evaluator, int image);
  }
}
