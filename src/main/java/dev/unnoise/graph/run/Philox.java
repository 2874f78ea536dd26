package dev.unnoise.graph.run;

/**
 * Philox4x32-10, the counter-based generator of Salmon et al. 2011 (Random123), and the normals unnoise makes of it.
 * Image k's noise depends on the seed, k, the draw and the element alone, so it is the same in every batch, at every
 * place of it and on every machine. Backends that cannot call this class reproduce it.
 *
 * <p>key = (low, high) 32 bits of the seed; counter = (q, draw, low, high 32 bits of the image's absolute index),
 * q = element / 4 with the elements of an image numbered in C,H,W order.
 */
public final class Philox {
  private static final int ROUNDS = 10;
  private static final long MULTIPLIER_0 = 0xD2511F53L;
  private static final long MULTIPLIER_1 = 0xCD9E8D57L;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final long LOW = 0xFFFFFFFFL;

  private Philox() {}

  /** Replaces the counter's four words by the generator's four words for that counter and key. */
  public static void words(int[] counter, int key0, int key1) {
    int c0 = counter[0];
    int c1 = counter[1];
    int c2 = counter[2];
    int c3 = counter[3];
    int k0 = key0;
    int k1 = key1;
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = MULTIPLIER_0 * (c0 & LOW);
      long product1 = MULTIPLIER_1 * (c2 & LOW);
      c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
      c1 = (int) product1;
      c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
      c3 = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    counter[0] = c0;
    counter[1] = c1;
    counter[2] = c2;
    counter[3] = c3;
  }

  /**
   * Fills {@code normals} with the first standard normals of one draw of one image, by the Box-Muller transform:
   * with u = word · 2⁻³² + 2⁻³³, z0 = √(-2 ln u0) sin 2πu1, z1 = √(-2 ln u0) cos 2πu1, z2 and z3 from u2 and u3.
   *
   * @param image absolute index of the image
   * @param draw 0 for x_T, 1 + k for step k; an unsigned 32-bit number
   */
  public static void normals(long seed, long image, int draw, float[] normals, int count) {
    int[] words = new int[4];
    for (int i = 0; i < count; i += 4) {
      words[0] = i >>> 2;
      words[1] = draw;
      words[2] = (int) image;
      words[3] = (int) (image >>> 32);
      words(words, (int) seed, (int) (seed >>> 32));
      for (int pair = 0; pair < 4 && i + pair < count; pair += 2) {
        double radius = Math.sqrt(-2 * Math.log(uniform(words[pair])));
        double angle = 2 * Math.PI * uniform(words[pair + 1]);
        normals[i + pair] = (float) (radius * Math.sin(angle));
        if (i + pair + 1 < count) {
          normals[i + pair + 1] = (float) (radius * Math.cos(angle));
        }
      }
    }
  }

  /** A word as a number in the open interval (0, 1). */
  private static double uniform(int word) {
    return ((word & LOW) + 0.5) * 0x1p-32;
  }
}
