package dev.unnoise.graph.run;

import dev.unnoise.graph.Shape;
import java.lang.foreign.MemorySegment;

/**
 * Where finished images go.
 *
 * @param form of each image
 * @param destination host memory for all images of the job, one after another
 */
public record Output(Form form, MemorySegment destination) {

  /** How a finished image is stored. */
  public enum Form {
    /** One byte a value, pixel by pixel (H,W,C): round(clamp((x + 1)/2, 0, 1) · 255). */
    UINT8_HWC(1),
    /** The final state as it is, plane by plane (C,H,W). */
    FLOAT32_CHW(4);

    private final int bytes;

    Form(int bytes) {
      this.bytes = bytes;
    }

    /** Bytes of one image of this shape. */
    public long bytes(Shape shape) {
      return shape.elements() * bytes;
    }
  }

  /** A value of a finished image as a byte: -1 becomes 0, 1 becomes 255, what lies beyond is clamped. */
  public static byte quantize(float value) {
    return (byte) (int) Math.rint(Math.clamp((value + 1) / 2, 0f, 1f) * 255);
  }

  /** The part of the destination that belongs to image {@code n} of the job. */
  public MemorySegment image(int n, Shape shape) {
    long bytes = form.bytes(shape);
    return destination.asSlice(n * bytes, bytes);
  }
}
