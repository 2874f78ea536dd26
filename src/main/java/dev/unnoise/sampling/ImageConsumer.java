package dev.unnoise.sampling;

import java.lang.foreign.MemorySegment;

/** Takes finished images, batch by batch and in order. */
@FunctionalInterface
public interface ImageConsumer {

  /**
   * Takes the next images.
   *
   * @param images in the form asked for, one after another; valid during the call only
   */
  void accept(MemorySegment images, int count);
}
