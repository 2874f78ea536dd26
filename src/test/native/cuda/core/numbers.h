/* Numbers of 16 bits, for the stubs and for kernels that they compile. Ties go to even. */
#pragma once

#include <math.h>
#include <string.h>

static inline unsigned int stub_float_bits(float value) {
  unsigned int bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static inline float stub_bits_float(unsigned int bits) {
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline float stub_half_value(unsigned short bits) {
  int exponent = bits >> 10 & 31;
  int fraction = bits & 1023;
  float size = exponent == 31  ? (fraction ? NAN : INFINITY)
               : exponent == 0 ? ldexpf(static_cast<float>(fraction), -24)
                               : ldexpf(static_cast<float>(fraction + 1024), exponent - 25);
  return bits & 0x8000 ? -size : size;
}

static inline unsigned short stub_half_bits(float value) {
  unsigned int bits = stub_float_bits(value);
  unsigned short sign = static_cast<unsigned short>(bits >> 16 & 0x8000);
  float size = fabsf(value);
  if (size != size) {
    return 0x7FFF;
  }
  if (size >= 65520.0f) {
    return sign | 0x7C00;
  }
  /* Units in the last place; below 2^-14 they shrink no further. Rounding up to the next power carries by itself. */
  int exponent = static_cast<int>(bits >> 23 & 255) - 127;
  if (exponent < -14) {
    return sign | static_cast<unsigned short>(rintf(ldexpf(size, 24)));
  }
  int units = static_cast<int>(rintf(ldexpf(size, 10 - exponent)));
  return static_cast<unsigned short>(sign | ((exponent + 14) * 1024 + units));
}

static inline float stub_bfloat_value(unsigned short bits) {
  return stub_bits_float(static_cast<unsigned int>(bits) << 16);
}

static inline unsigned short stub_bfloat_bits(float value) {
  unsigned int bits = stub_float_bits(value);
  return value != value ? 0x7FFF : static_cast<unsigned short>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}
