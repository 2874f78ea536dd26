#include "arrays.h"

#include <cstring>

#include "numbers.h"

namespace stub {

size_t bytes_of(Stored type) {
  return type == Stored::FLOATS ? sizeof(float) : sizeof(unsigned short);
}

float read_number(Stored type, const char *at) {
  if (type == Stored::FLOATS) {
    float value;
    memcpy(&value, at, sizeof value);
    return value;
  }
  unsigned short bits;
  memcpy(&bits, at, sizeof bits);
  return type == Stored::HALVES ? stub_half_value(bits) : stub_bfloat_value(bits);
}

void write_number(Stored type, char *at, float value) {
  if (type == Stored::FLOATS) {
    memcpy(at, &value, sizeof value);
    return;
  }
  unsigned short bits = type == Stored::HALVES ? stub_half_bits(value) : stub_bfloat_bits(value);
  memcpy(at, &bits, sizeof bits);
}

float rounded(Stored type, float value) {
  char stored[sizeof(float)];
  write_number(type, stored, value);
  return read_number(type, stored);
}

float tensor_float(float value) {
  unsigned int bits = stub_float_bits(value);
  return value != value ? value : stub_bits_float((bits + 0xFFF + (bits >> 13 & 1)) & ~0x1FFFu);
}

int64_t Shape::count() const {
  int64_t count = 1;
  for (int64_t extent : extents) {
    count *= extent;
  }
  return count;
}

size_t Shape::span(Stored type) const {
  int64_t last = 0;
  for (size_t i = 0; i < extents.size(); i++) {
    last += (extents[i] - 1) * strides[i];
  }
  return (last + 1) * bytes_of(type);
}

/* Calls visit(i, offset in elements) for every element in order. */
template <class Visit>
static void each(const Shape &shape, Visit visit) {
  std::vector<int64_t> at(shape.extents.size());
  int64_t count = shape.count();
  int64_t offset = 0;
  for (int64_t i = 0; i < count; i++) {
    visit(i, offset);
    for (size_t axis = at.size(); axis-- > 0;) {
      offset += shape.strides[axis];
      if (++at[axis] < shape.extents[axis]) {
        break;
      }
      offset -= at[axis] * shape.strides[axis];
      at[axis] = 0;
    }
  }
}

std::vector<float> gather(Stored type, const Shape &shape, const char *from) {
  std::vector<float> values(shape.count());
  size_t bytes = bytes_of(type);
  each(shape, [&](int64_t i, int64_t offset) { values[i] = read_number(type, from + offset * bytes); });
  return values;
}

void scatter(Stored type, const Shape &shape, const std::vector<float> &values, char *to) {
  size_t bytes = bytes_of(type);
  each(shape, [&](int64_t i, int64_t offset) { write_number(type, to + offset * bytes, values[i]); });
}

__attribute__((optimize("O3"))) float dot(const float *a, const float *b, int64_t n) {
  /* Several sums at once, so that the processor need not wait for one. */
  const int LANES = 16;
  float sums[LANES] = {};
  int64_t i = 0;
  for (; i + LANES <= n; i += LANES) {
    for (int lane = 0; lane < LANES; lane++) {
      sums[lane] += a[i + lane] * b[i + lane];
    }
  }
  float sum = 0;
  for (; i < n; i++) {
    sum += a[i] * b[i];
  }
  for (float part : sums) {
    sum += part;
  }
  return sum;
}

}  // namespace stub
