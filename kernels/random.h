/* Philox4x32-10 (Salmon et al. 2011) and the normals made of it, as graph.run.Philox makes them. */

typedef struct {
  unsigned int w[4];
} words;

FUNCTION words philox(unsigned int q, unsigned int draw, unsigned int low, unsigned int high,
    unsigned int k0, unsigned int k1) {
  unsigned int c0 = q, c1 = draw, c2 = low, c3 = high;
  UNROLL
  for (int round = 0; round < 10; round++) {
    unsigned int h0 = HIGH_PRODUCT(0xD2511F53u, c0), l0 = 0xD2511F53u * c0;
    unsigned int h1 = HIGH_PRODUCT(0xCD9E8D57u, c2), l1 = 0xCD9E8D57u * c2;
    c0 = h1 ^ c1 ^ k0;
    c1 = l1;
    c2 = h0 ^ c3 ^ k1;
    c3 = l0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  words result;
  result.w[0] = c0;
  result.w[1] = c1;
  result.w[2] = c2;
  result.w[3] = c3;
  return result;
}

/* Normals of elements 4q … 4q+3 of one draw of one image. */
FUNCTION void normals(float z[4], int q, unsigned int draw, unsigned int low, unsigned int high,
    unsigned int k0, unsigned int k1) {
  words r = philox((unsigned int)q, draw, low, high, k0, k1);
  UNROLL
  for (int pair = 0; pair < 4; pair += 2) {
    float u0 = r.w[pair] * 0x1p-32f + 0x1p-33f;
    float u1 = r.w[pair + 1] * 0x1p-32f + 0x1p-33f;
    /* A word near 2^32 rounds to 1, whose logarithm is 0. */
    float radius = sqrt(-2.0f * log(u0));
    float angle = 6.2831853f * u1;
    z[pair] = radius * sin(angle);
    z[pair + 1] = radius * cos(angle);
  }
}
