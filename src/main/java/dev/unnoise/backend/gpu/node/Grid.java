package dev.unnoise.backend.gpu.node;

import java.util.Arrays;

/** The work-items of a launch, for any number of images. */
interface Grid {

  /** Work-items along every axis. */
  long[] global(int images);

  /** Work-items of a group along every axis. */
  long[] local();

  /**
   * A grid whose last axis is the image.
   *
   * @param itemsPerGroup work-items of a group along the first axis, which is rounded up to it; 1 along the others
   * @param items work-items along every axis but the images'
   */
  record PerImage(int itemsPerGroup, long... items) implements Grid {
    @Override
    public long[] global(int images) {
      long[] global = new long[items.length + 1];
      for (int axis = 0; axis < items.length; axis++) {
        long group = axis == 0 ? itemsPerGroup : 1;
        global[axis] = Math.ceilDiv(items[axis], group) * group;
      }
      global[items.length] = images;
      return global;
    }

    @Override
    public long[] local() {
      long[] local = new long[items.length + 1];
      Arrays.fill(local, 1);
      local[0] = itemsPerGroup;
      return local;
    }
  }

  /**
   * A grid that counts parts of images through all of them along its first axis, and blocks of channels along its
   * second.
   *
   * @param perImage parts of an image
   * @param perGroup parts that a group takes
   */
  record Flattened(long perImage, int perGroup, int itemsPerGroup, long blocks) implements Grid {
    @Override
    public long[] global(int images) {
      return new long[] {Math.ceilDiv(images * perImage, perGroup) * itemsPerGroup, blocks};
    }

    @Override
    public long[] local() {
      return new long[] {itemsPerGroup, 1};
    }
  }
}
