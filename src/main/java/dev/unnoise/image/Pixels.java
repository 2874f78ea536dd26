package dev.unnoise.image;

import dev.unnoise.graph.Shape;
import dev.unnoise.graph.run.Output;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers as bytes of pictures. */
public final class Pixels {
  private Pixels() {}

  /**
   * Images as bytes, H,W,C.
   *
   * @param images float32 N,C,H,W
   * @param arena owns the bytes
   */
  public static MemorySegment of(MemorySegment images, Shape shape, long count, Arena arena) {
    MemorySegment bytes = arena.allocate(count * shape.elements());
    long area = shape.pixels();
    for (long n = 0; n < count; n++) {
      long image = n * shape.elements();
      for (int c = 0; c < shape.channels(); c++) {
        for (long pixel = 0; pixel < area; pixel++) {
          float value = images.getAtIndex(ValueLayout.JAVA_FLOAT, image + c * area + pixel);
          bytes.set(ValueLayout.JAVA_BYTE, image + pixel * shape.channels() + c, Output.quantize(value));
        }
      }
    }
    return bytes;
  }
}
