package dev.unnoise.graph.run;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PhiloxTest {
  @ParameterizedTest(name = "Random123's known answer for counter {0}, key {1}")
  @CsvSource({
    "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
    "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
    "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1",
  })
  void givesKnownWords(String counter, String key, String expected) {
    int[] words = words(counter);
    int[] keys = words(key);
    Philox.words(words, keys[0], keys[1]);
    assertArrayEquals(words(expected), words);
  }

  private static int[] words(String hex) {
    return Arrays.stream(hex.split(" ")).mapToInt(word -> Integer.parseUnsignedInt(word, 16)).toArray();
  }

  @Test
  void normalsHaveTheMomentsOfANormalDistribution() {
    float[] z = new float[1_000_000];
    Philox.normals(7, 3, 0, z, z.length);
    double mean = 0;
    double second = 0;
    double third = 0;
    double fourth = 0;
    for (float value : z) {
      mean += value;
      second += (double) value * value;
      third += Math.pow(value, 3);
      fourth += Math.pow(value, 4);
    }
    // Five standard errors of each moment of a million samples.
    assertEquals(0, mean / z.length, 5 * 1e-3);
    assertEquals(1, second / z.length, 5 * Math.sqrt(2) * 1e-3);
    assertEquals(0, third / z.length, 5 * Math.sqrt(15) * 1e-3);
    assertEquals(3, fourth / z.length, 5 * Math.sqrt(96) * 1e-3);
  }

  @Test
  void elementFourQPlusIComesFromCounterQ() {
    float[] z = new float[12];
    Philox.normals(0x123456789ABCDEFL, 0x1_0000_0002L, 5, z, z.length);
    int[] words = {2, 5, 2, 1};
    Philox.words(words, 0x89ABCDEF, 0x1234567);
    double radius = Math.sqrt(-2 * Math.log((Integer.toUnsignedLong(words[0]) + 0.5) / 0x1p32));
    double angle = 2 * Math.PI * (Integer.toUnsignedLong(words[1]) + 0.5) / 0x1p32;
    assertEquals(radius * Math.sin(angle), z[8], 1e-6);
    assertEquals(radius * Math.cos(angle), z[9], 1e-6);
  }

  @ParameterizedTest(name = "{0} elements")
  @CsvSource({"1", "2", "3", "5", "7"})
  void anyCountIsAPrefix(int count) {
    float[] all = new float[8];
    float[] some = new float[count];
    Philox.normals(1, 2, 3, all, all.length);
    Philox.normals(1, 2, 3, some, count);
    assertArrayEquals(Arrays.copyOf(all, count), some);
  }

  @Test
  void seedImageAndDrawEachChangeEverything() {
    float[] base = draw(1, 2, 3);
    for (float[] other : new float[][] {draw(2, 2, 3), draw(1, 3, 3), draw(1, 2, 4), draw(1L << 40, 2, 3)}) {
      for (int i = 0; i < base.length; i++) {
        assertFalse(base[i] == other[i]);
      }
    }
  }

  private static float[] draw(long seed, long image, int draw) {
    float[] z = new float[16];
    Philox.normals(seed, image, draw, z, z.length);
    return z;
  }
}
