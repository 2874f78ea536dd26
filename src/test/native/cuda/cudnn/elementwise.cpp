/* Pointwise operations and reductions. */
#include <algorithm>
#include <cmath>

#include "abi.h"
#include "graph.h"

namespace stub {

/* Where, for each element of the large array in order, the element of the small one is whose extents are the large
 * one's or 1. */
static std::vector<int64_t> places_in(const Shape &small, const Shape &large) {
  size_t axes = large.extents.size();
  std::vector<int64_t> steps(axes);
  int64_t step = 1;
  for (size_t axis = axes; axis-- > 0;) {
    steps[axis] = small.extents[axis] == 1 ? 0 : step;
    step *= small.extents[axis];
  }
  std::vector<int64_t> places(large.count());
  for (size_t i = 0; i < places.size(); i++) {
    int64_t rest = static_cast<int64_t>(i);
    for (size_t axis = axes; axis-- > 0;) {
      places[i] += rest % large.extents[axis] * steps[axis];
      rest /= large.extents[axis];
    }
  }
  return places;
}

static float apply(int mode, float x, float b) {
  switch (mode) {
    case POINTWISE_ADD:
      return x + b;
    case POINTWISE_SUB:
      return x - b;
    case POINTWISE_MUL:
      return x * b;
    case POINTWISE_DIV:
      return x / b;
    case POINTWISE_LOG:
      return std::log(x);
    default:
      return std::exp(x);
  }
}

std::vector<float> pointwise(const Operation &operation, const std::vector<float> &x, const std::vector<float> &b) {
  const Shape &shape = operation.y.shape;
  std::vector<int64_t> of_x = places_in(operation.x.shape, shape);
  std::vector<int64_t> of_b = operation.has_second ? places_in(operation.second.shape, shape) : of_x;
  std::vector<float> result(shape.count());
  for (size_t i = 0; i < result.size(); i++) {
    float right = operation.has_second ? operation.beta * b[of_b[i]] : 0;
    result[i] = apply(operation.mode, operation.alpha * x[of_x[i]], right);
  }
  return result;
}

std::vector<float> reduce(const Operation &operation, const std::vector<float> &x) {
  std::vector<int64_t> into = places_in(operation.y.shape, operation.x.shape);
  bool largest = operation.mode == REDUCE_MAX;
  std::vector<float> result(operation.y.shape.count(), largest ? -INFINITY : 0.0f);
  for (size_t i = 0; i < x.size(); i++) {
    float &sum = result[into[i]];
    sum = largest ? std::max(sum, x[i]) : sum + x[i];
  }
  return result;
}

}  // namespace stub
