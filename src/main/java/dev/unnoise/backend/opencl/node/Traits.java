package dev.unnoise.backend.opencl.node;

import dev.unnoise.backend.opencl.cl.ClDeviceInfo;

/**
 * How kernels are shaped for a kind of device.
 *
 * @param vectorWidth floats of a vector: 4, 8 or 16
 * @param itemsPerGroup work-items of a group along its first axis, where a kernel leaves it open
 * @param tilePixels pixels whose sums a work-item of a product holds
 * @param tileVectors vectors of output channels it holds for each
 */
public record Traits(int vectorWidth, int itemsPerGroup, int tilePixels, int tileVectors) {
  /** Input channels staged at once: 3·10·64 floats are 7.5 KiB, a quarter of a first-level cache. */
  static final int CHUNK = 64;

  /** What suits a device: processors want wide vectors and few items, cards the opposite. */
  public static Traits of(ClDeviceInfo info) {
    if (info.gpu()) {
      return new Traits(4, 32, 4, 1);
    }
    int width = info.vectorWidth() >= 16 ? 16 : info.vectorWidth() >= 8 ? 8 : 4;
    // 32 registers hold 8·2 sums, 16 hold 4·2.
    return width == 16 ? new Traits(16, 1, 8, 2) : new Traits(width, 1, 4, 2);
  }

  /** Output channels of a work-item. */
  int block() {
    return tileVectors * vectorWidth;
  }
}
