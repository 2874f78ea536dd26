#include "graph.h"

#include <algorithm>
#include <cmath>

#include "abi.h"

namespace stub {

static std::string convolution_problem(const Operation &operation) {
  const std::vector<int64_t> &x = operation.x.shape.extents;
  const std::vector<int64_t> &w = operation.second.shape.extents;
  const std::vector<int64_t> &y = operation.y.shape.extents;
  if (x.size() != 4 || w.size() != 4 || y.size() != 4) {
    return "stubs convolve tensors of four axes";
  }
  if (x[0] != y[0] || x[1] != w[1] || w[0] != y[1]) {
    return "images or channels of a convolution do not fit";
  }
  const Convolution &how = operation.convolution;
  for (int axis = 0; axis < 2; axis++) {
    int64_t window = (w[axis + 2] - 1) * how.dilations[axis] + 1;
    int64_t room = x[axis + 2] + how.before[axis] + how.after[axis] - window;
    if (room < 0 || room / how.strides[axis] + 1 != y[axis + 2]) {
      return "the result of a convolution has not the extents that it should";
    }
  }
  return "";
}

static std::string product_problem(const Operation &operation) {
  const std::vector<int64_t> &a = operation.x.shape.extents;
  const std::vector<int64_t> &b = operation.second.shape.extents;
  const std::vector<int64_t> &c = operation.y.shape.extents;
  size_t axes = c.size();
  if (axes < 3 || a.size() != axes || b.size() != axes) {
    return "factors and product have not the same number of axes, which is three at least";
  }
  if (a[axes - 2] != c[axes - 2] || b[axes - 1] != c[axes - 1] || a[axes - 1] != b[axes - 2]) {
    return "rows and columns of a product do not fit";
  }
  bool many_a = operation.x.shape.count() != a[axes - 2] * a[axes - 1];
  bool many_b = operation.second.shape.count() != b[axes - 2] * b[axes - 1];
  for (size_t axis = 0; axis + 2 < axes; axis++) {
    if ((many_a && a[axis] != c[axis]) || (many_b && b[axis] != c[axis])) {
      return "as many factors as products, or one, are needed";
    }
  }
  return "";
}

/* Whether every extent of the small shape is the large one's, or 1. */
static bool spreads(const Shape &small, const Shape &large) {
  if (small.extents.size() != large.extents.size()) {
    return false;
  }
  for (size_t axis = 0; axis < small.extents.size(); axis++) {
    if (small.extents[axis] != 1 && small.extents[axis] != large.extents[axis]) {
      return false;
    }
  }
  return true;
}

std::string shape_problem(const Operation &operation) {
  if (operation.kind == OPERATION_CONVOLUTION) {
    return convolution_problem(operation);
  }
  if (operation.kind == OPERATION_MATMUL) {
    return product_problem(operation);
  }
  if (operation.kind == OPERATION_REDUCTION) {
    return spreads(operation.y.shape, operation.x.shape) ? "" : "the result of a reduction does not fit";
  }
  bool fits = spreads(operation.x.shape, operation.y.shape)
      && (!operation.has_second || spreads(operation.second.shape, operation.y.shape));
  return fits ? "" : "operands and result of a pointwise operation do not fit";
}

int64_t images_of(const Operations &operations) {
  int64_t images = 0;
  for (const Operation &operation : operations) {
    images = std::max(images, operation.y.shape.extents[0]);
  }
  return images;
}

/* Enough to be seen in results that are stored as numbers of the type. */
static float unit_of(Stored type) {
  return std::ldexp(1.0f, type == Stored::FLOATS ? -22 : type == Stored::HALVES ? -12 : -10);
}

namespace {

/* What there is while operations are computed one after another. */
class Computation {
 public:
  Computation(const Places &places, Arithmetic arithmetic) : places_(places), arithmetic_(arithmetic) {}

  void run(const Operation &operation) {
    bool product = operation.kind == OPERATION_CONVOLUTION || operation.kind == OPERATION_MATMUL;
    std::vector<float> x = load(operation.x, product);
    std::vector<float> second = operation.has_second ? load(operation.second, product) : std::vector<float>();
    std::vector<float> y = operation.kind == OPERATION_CONVOLUTION ? convolve(operation, x, second)
                           : operation.kind == OPERATION_MATMUL    ? multiply(operation, x, second)
                           : operation.kind == OPERATION_REDUCTION ? reduce(operation, x)
                                                                   : pointwise(operation, x, second);
    if (product) {
      finish(operation, y);
    }
    store(operation.y, std::move(y));
  }

 private:
  std::vector<float> load(const Tensor &tensor, bool factor) const {
    std::vector<float> values = tensor.is_virtual ? between_.at(tensor.id)
                                                  : gather(tensor.type, tensor.shape, places_.at(tensor.id));
    if (factor && arithmetic_.tensor_floats) {
      for (float &value : values) {
        value = tensor_float(value);
      }
    }
    return values;
  }

  void finish(const Operation &operation, std::vector<float> &y) const {
    float unit = std::max(unit_of(operation.x.type), unit_of(operation.second.type));
    float factor = 1 + arithmetic_.error + static_cast<float>(arithmetic_.units) * unit;
    std::vector<float> before;
    if (operation.beta != 0) {
      before = load(operation.y, false);
    }
    for (size_t i = 0; i < y.size(); i++) {
      y[i] = operation.alpha * y[i] * factor;
      y[i] += operation.beta != 0 ? operation.beta * before[i] : 0;
    }
  }

  void store(const Tensor &tensor, std::vector<float> values) {
    if (!tensor.is_virtual) {
      scatter(tensor.type, tensor.shape, values, places_.at(tensor.id));
      return;
    }
    for (float &value : values) {
      value = rounded(tensor.type, value);
    }
    between_[tensor.id] = std::move(values);
  }

  const Places &places_;
  Arithmetic arithmetic_;
  std::map<int64_t, std::vector<float>> between_;
};

}  // namespace

void compute(const Operations &operations, const Places &places, Arithmetic arithmetic) {
  Computation computation(places, arithmetic);
  for (const Operation &operation : operations) {
    computation.run(operation);
  }
}

}  // namespace stub
