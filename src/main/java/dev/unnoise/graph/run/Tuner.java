package dev.unnoise.graph.run;

import dev.unnoise.graph.Network;

/** Finds the fastest kernels for a network by measuring them, and remembers them for this device. */
public interface Tuner {

  /**
   * Measures what has not been measured yet. Each finding is kept at once, so that nothing is lost by stopping; networks
   * loaded afterwards, by this process or another, use it.
   *
   * @param again also measures what has been measured before
   * @throws BackendException if the device fails or findings cannot be kept
   */
  void tune(Network network, Precision precision, boolean again, Listener listener);

  /** Where findings are kept, for people. */
  String location();

  /** Follows the tuner. */
  interface Listener {
    /**
     * Told before a layer's geometry is measured.
     *
     * @param done geometries finished
     * @param total geometries to measure
     * @return whether to go on
     */
    boolean measuring(int done, int total, String geometry);

    /** Told what was found. */
    void found(Finding finding);
  }

  /**
   * The choice for one geometry.
   *
   * @param geometry of the layer, in one word
   * @param layers of the network that have it
   * @param choice the fastest way to compute it
   * @param millis that it takes for {@code images} images
   * @param usual what is taken without measuring
   * @param usualMillis that it takes
   * @param rejected ways that gave wrong numbers or did not run
   */
  record Finding(
      String geometry, int layers, int images, String choice, double millis, String usual, double usualMillis, int rejected) {}
}
