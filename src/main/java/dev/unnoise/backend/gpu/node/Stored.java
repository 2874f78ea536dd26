package dev.unnoise.backend.gpu.node;

import dev.unnoise.graph.DataType;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Numbers as they are stored on a device. */
public final class Stored {
  private Stored() {}

  /** Rounds to the nearest, ties to even. */
  public static MemorySegment of(float[] values, DataType type) {
    if (type == DataType.F32) {
      return MemorySegment.ofArray(values);
    }
    short[] halves = new short[values.length];
    for (int i = 0; i < halves.length; i++) {
      halves[i] = type == DataType.F16 ? Float.floatToFloat16(values[i]) : bfloat16(values[i]);
    }
    return MemorySegment.ofArray(halves);
  }

  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    return Float.isNaN(value) ? 0x7FC0 : (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }

  /**
   * By how much results of products may differ that were summed in another order, where results have a deviation of 1,
   * so that the largest are about 4: rounding one of them, with some room.
   */
  static double tolerance(DataType operands, DataType results) {
    return switch (results) {
      case F32 -> operands == DataType.F32 ? 2e-4 : 4e-3;
      case F16 -> 8e-3;
      case BF16 -> 6e-2;
    };
  }

  /** What was stored, as numbers. */
  public static float[] numbers(byte[] stored, DataType type) {
    MemorySegment segment = MemorySegment.ofArray(stored);
    float[] values = new float[stored.length / type.bytes()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (type) {
            case F32 -> segment.get(ValueLayout.JAVA_FLOAT_UNALIGNED, 4L * i);
            case F16 -> Float.float16ToFloat(segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i));
            case BF16 ->
                Float.intBitsToFloat(
                    segment.get(ValueLayout.JAVA_SHORT_UNALIGNED, 2L * i) << 16);
          };
    }
    return values;
  }
}
