package dev.unnoise.backend.host;

import dev.unnoise.graph.Network;

/** What {@link HostProgram} needs of a backend: evaluators, and a way to share images among them. */
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
   * Splits the images [0, images) into groups and calls {@code task} once for each, on as many evaluators at once as
   * pay. How images are grouped has no influence on what is computed for them.
   *
   * @param evaluationsPerImage how many evaluations a task makes at once for each image of its group
   * @throws RuntimeException the first thing a task threw; no further tasks are begun after it
   */
  void forEachGroup(int images, int evaluationsPerImage, GroupTask task);

  /** How many evaluators run side by side for that many images. */
  int lanes(int images);

  /** How often native memory has been allocated so far. */
  long allocations();

  @Override
  void close();

  /** Work on a group of images. */
  @FunctionalInterface
  interface GroupTask {
    void run(Evaluator evaluator, int firstImage, int count);
  }
}
