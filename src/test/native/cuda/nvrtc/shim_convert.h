/* Conversions that PTX has instructions for: functions named as these, with underscores for dots. Ties go to even. */
#pragma once

static inline float stub_cvt_f32_f16(unsigned short bits) {
  int exponent = bits >> 10 & 31;
  int fraction = bits & 1023;
  float size = exponent == 31  ? (fraction ? NAN : INFINITY)
               : exponent == 0 ? ldexpf(static_cast<float>(fraction), -24)
                               : ldexpf(static_cast<float>(fraction + 1024), exponent - 25);
  return bits & 0x8000 ? -size : size;
}

static inline unsigned short stub_cvt_rn_f16_f32(float value) {
  unsigned int bits = __float_as_uint(value);
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

static inline unsigned short stub_cvt_rn_bf16_f32(float value) {
  unsigned int bits = __float_as_uint(value);
  if (value != value) {
    return 0x7FFF;
  }
  return static_cast<unsigned short>((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}
