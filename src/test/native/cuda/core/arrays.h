/* Numbers as libraries of products find them in memory: in several types, with any strides. */
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace stub {

enum class Stored { FLOATS, HALVES, BFLOATS };

size_t bytes_of(Stored type);
float read_number(Stored type, const char *at);
void write_number(Stored type, char *at, float value);

/* The nearest number of the type. */
float rounded(Stored type, float value);

/* The nearest number of 10 bits after the leading one, which is what tensor cores take of floats. */
float tensor_float(float value);

/* Extents and strides of an array, strides in elements. */
struct Shape {
  std::vector<int64_t> extents;
  std::vector<int64_t> strides;

  int64_t count() const;

  /* From the first byte to the end of the last. */
  size_t span(Stored type) const;
};

/* All numbers, the last axis innermost. */
std::vector<float> gather(Stored type, const Shape &shape, const char *from);
void scatter(Stored type, const Shape &shape, const std::vector<float> &values, char *to);

/* The sum of products of n pairs, in an order that depends on n alone. */
float dot(const float *a, const float *b, int64_t n);

}  // namespace stub
