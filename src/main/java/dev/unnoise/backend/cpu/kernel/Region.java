package dev.unnoise.backend.cpu.kernel;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * One image's elements of a tensor in native memory.
 *
 * @param memory begins at the first element
 * @param channels of each pixel
 * @param stride elements from one pixel to the next
 * @param pixels number of pixels, or of vectors
 */
public record Region(MemorySegment memory, int channels, int stride, int pixels) {

  /** Copies pixels {@code first … first + count - 1} into an array, {@code targetStride} apart, from {@code at} on. */
  public void read(int first, int count, float[] target, int at, int targetStride) {
    if (stride == channels && targetStride == channels) {
      MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, offset(first), target, at, count * channels);
      return;
    }
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(memory, ValueLayout.JAVA_FLOAT, offset(first + i), target, at + i * targetStride, channels);
    }
  }

  /** Copies pixels {@code first … first + count - 1} from an array, {@code sourceStride} apart, from {@code at} on. */
  public void write(int first, int count, float[] source, int at, int sourceStride) {
    if (stride == channels && sourceStride == channels) {
      MemorySegment.copy(source, at, memory, ValueLayout.JAVA_FLOAT, offset(first), count * channels);
      return;
    }
    for (int i = 0; i < count; i++) {
      MemorySegment.copy(source, at + i * sourceStride, memory, ValueLayout.JAVA_FLOAT, offset(first + i), channels);
    }
  }

  /** Copies one pixel to another region of as many channels. */
  void copyPixel(int pixel, Region target, int targetPixel, int targetChannel) {
    MemorySegment.copy(
        memory, offset(pixel), target.memory, target.offset(targetPixel) + 4L * targetChannel, 4L * channels);
  }

  public float get(int pixel, int channel) {
    return memory.get(ValueLayout.JAVA_FLOAT, offset(pixel) + 4L * channel);
  }

  public void set(int pixel, int channel, float value) {
    memory.set(ValueLayout.JAVA_FLOAT, offset(pixel) + 4L * channel, value);
  }

  private long offset(int pixel) {
    return 4L * pixel * stride;
  }
}
