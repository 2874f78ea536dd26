/* Operations on tensors, as descriptors describe them once they are finalised. */
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../core/arrays.h"

namespace stub {

struct Tensor {
  int64_t id;
  Stored type;
  Shape shape;
  int64_t alignment;
  bool is_virtual;
  bool is_by_value;
};

struct Convolution {
  std::vector<int64_t> strides, dilations, before, after;
};

/* What an operation reads and writes: image, filter and result of a convolution; one or two operands and the result of
 * a pointwise operation; two factors and the product; what is reduced, and to what. */
struct Operation {
  int kind;
  Tensor x;
  Tensor second;
  bool has_second;
  Tensor y;
  Convolution convolution;
  int mode; /* of a pointwise operation or a reduction */
  float alpha;
  float beta;
};

typedef std::vector<Operation> Operations;

/* The most that any result has. */
int64_t images_of(const Operations &operations);

/* What is wrong with the extents of an operation; empty: nothing. */
std::string shape_problem(const Operation &operation);

/* How an engine computes. */
struct Arithmetic {
  bool tensor_floats; /* factors of products in the fewer bits that tensor cores take of floats */
  float error;        /* of every product, relative */
  int units;          /* likewise, in about the last place that factors of its type have */
};

/* Where tensors lie that are not virtual, by their numbers. */
typedef std::map<int64_t, char *> Places;

/* Computes all operations. They are in an order in which everything is written before it is read. */
void compute(const Operations &operations, const Places &places, Arithmetic arithmetic);

/* Packed values, the last axis innermost, of the operation; x and second are those of its tensors. */
std::vector<float> convolve(const Operation &operation, const std::vector<float> &x, const std::vector<float> &w);
std::vector<float> multiply(const Operation &operation, const std::vector<float> &a, const std::vector<float> &b);
std::vector<float> pointwise(const Operation &operation, const std::vector<float> &x, const std::vector<float> &b);
std::vector<float> reduce(const Operation &operation, const std::vector<float> &x);

}  // namespace stub
