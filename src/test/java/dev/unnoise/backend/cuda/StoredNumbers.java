package dev.unnoise.backend.cuda;

import dev.unnoise.backend.cuda.bindings.driver.driver_h;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** How numbers lie in a card's memory: as floats, halves or bfloat16s. */
enum StoredNumbers {
  FLOATS,
  HALVES,
  BFLOATS;

  /** By the number that kernels have for it. */
  static StoredNumbers of(int storage) {
    return values()[storage];
  }

  int bytes() {
    return this == FLOATS ? 4 : 2;
  }

  /** The nearest number that can be stored. */
  float rounded(float value) {
    return this == FLOATS ? value : decoded(encoded(value));
  }

  private short encoded(float value) {
    if (this == HALVES) {
      return Float.floatToFloat16(value);
    }
    int bits = Float.floatToIntBits(value);
    return (short) (bits + 0x7FFF + (bits >>> 16 & 1) >>> 16);
  }

  private float decoded(short bits) {
    return this == HALVES ? Float.float16ToFloat(bits) : Float.intBitsToFloat(bits << 16);
  }

  /** A new allocation with these numbers. */
  long upload(StubClient card, float[] values) {
    if (this == FLOATS) {
      return card.upload(values);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment from = arena.allocate(ValueLayout.JAVA_SHORT, values.length);
      for (int i = 0; i < values.length; i++) {
        from.setAtIndex(ValueLayout.JAVA_SHORT, i, encoded(values[i]));
      }
      long at = card.allocate(from.byteSize());
      StubClient.check(driver_h.cuMemcpyHtoDAsync_v2(at, from, from.byteSize(), card.stream));
      return at;
    }
  }

  float[] download(StubClient card, long at, int count) {
    if (this == FLOATS) {
      return card.download(at, count);
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment to = arena.allocate(ValueLayout.JAVA_SHORT, count);
      StubClient.check(driver_h.cuMemcpyDtoHAsync_v2(to, at, to.byteSize(), card.stream));
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = decoded(to.getAtIndex(ValueLayout.JAVA_SHORT, i));
      }
      return values;
    }
  }
}
