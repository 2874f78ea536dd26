/* What descriptors come to when they are finalised. */
#include <set>

#include "descriptor.h"

namespace stub {

namespace {

/* Something wrong with a descriptor. */
struct Problem {
  cudnnStatus_t status;
  std::string text;
};

const Problem NONE = {CUDNN_STATUS_SUCCESS, ""};

Problem bad(const std::string &text) {
  return {CUDNN_STATUS_BAD_PARAM, text};
}

Problem make_tensor(Descriptor &descriptor) {
  Tensor tensor;
  int type = descriptor.one<int>(TENSOR_DATA_TYPE);
  if (type != DATA_FLOAT && type != DATA_HALF && type != DATA_BFLOAT16) {
    return bad("stubs know no data type " + std::to_string(type));
  }
  tensor.id = descriptor.one<int64_t>(TENSOR_UNIQUE_ID);
  tensor.type = type == DATA_FLOAT ? Stored::FLOATS : type == DATA_HALF ? Stored::HALVES : Stored::BFLOATS;
  tensor.shape = {descriptor.all<int64_t>(TENSOR_DIMENSIONS), descriptor.all<int64_t>(TENSOR_STRIDES)};
  tensor.alignment = descriptor.one<int64_t>(TENSOR_ALIGNMENT);
  tensor.is_virtual = descriptor.one<char>(TENSOR_IS_VIRTUAL) != 0;
  tensor.is_by_value = descriptor.one<char>(TENSOR_IS_BY_VALUE) != 0;
  if (tensor.shape.extents.size() != tensor.shape.strides.size()) {
    return bad("a tensor has not as many strides as extents");
  }
  for (size_t i = 0; i < tensor.shape.extents.size(); i++) {
    if (tensor.shape.extents[i] < 1 || tensor.shape.strides[i] < 1) {
      return bad("an extent or a stride of a tensor is not positive");
    }
  }
  if (tensor.is_by_value && (tensor.is_virtual || tensor.shape.count() != 1)) {
    return bad("a tensor by value is virtual, or more than a number");
  }
  if (tensor.alignment < 1 || (tensor.alignment & (tensor.alignment - 1))) {
    return bad("the alignment of a tensor is no power of two");
  }
  if (tensor.alignment < static_cast<int64_t>(bytes_of(tensor.type))) {
    return bad("the alignment of a tensor is less than its elements' size");
  }
  descriptor.tensor = std::make_shared<const Tensor>(tensor);
  return NONE;
}

Problem check_float(const Descriptor &descriptor, int attribute) {
  return descriptor.one<int>(attribute) == DATA_FLOAT ? NONE : bad("stubs compute with floats");
}

Problem check_convolution(const Descriptor &descriptor) {
  size_t axes = descriptor.one<int64_t>(CONVOLUTION_SPATIAL_DIMS);
  for (int attribute : {CONVOLUTION_DILATIONS, CONVOLUTION_FILTER_STRIDES, CONVOLUTION_PRE_PADDINGS,
                        CONVOLUTION_POST_PADDINGS}) {
    if (descriptor.all<int64_t>(attribute).size() != axes) {
      return bad("attribute " + std::to_string(attribute) + " has not one element for every axis");
    }
  }
  if (axes != 2 || descriptor.one<int>(CONVOLUTION_CONV_MODE) != CROSS_CORRELATION) {
    return bad("stubs correlate along two axes");
  }
  return check_float(descriptor, CONVOLUTION_COMP_TYPE);
}

Problem check_mode(const Descriptor &descriptor) {
  static const std::set<int> known = {POINTWISE_ADD, POINTWISE_SUB, POINTWISE_MUL, POINTWISE_DIV,
                                      POINTWISE_EXP, POINTWISE_LOG};
  if (!known.count(descriptor.one<int>(POINTWISE_MODE))) {
    return bad("stubs know no such pointwise operation");
  }
  return check_float(descriptor, POINTWISE_MATH_PREC);
}

Problem check_reduction(const Descriptor &descriptor) {
  int mode = descriptor.one<int>(REDUCTION_OPERATOR);
  return mode == REDUCE_ADD || mode == REDUCE_MAX ? check_float(descriptor, REDUCTION_COMP_TYPE)
                                                  : bad("stubs know no such reduction");
}

Problem own(Descriptor &descriptor, Operation operation) {
  operation.kind = descriptor.kind;
  std::string problem = shape_problem(operation);
  if (!problem.empty()) {
    return {CUDNN_STATUS_BAD_PARAM_SHAPE_MISMATCH, problem};
  }
  if (operation.y.is_by_value) {
    return bad("a result cannot be a tensor by value");
  }
  descriptor.operations = std::make_shared<const Operations>(Operations{operation});
  return NONE;
}

const Tensor &tensor(const Descriptor &descriptor, int attribute) {
  return *descriptor.other(attribute)->tensor;
}

Problem make_convolution(Descriptor &descriptor) {
  Operation operation = {};
  operation.x = tensor(descriptor, OPERATION_CONVOLUTION_X);
  operation.second = tensor(descriptor, OPERATION_CONVOLUTION_W);
  operation.has_second = true;
  operation.y = tensor(descriptor, OPERATION_CONVOLUTION_Y);
  operation.alpha = descriptor.one<float>(OPERATION_CONVOLUTION_ALPHA);
  operation.beta = descriptor.one<float>(OPERATION_CONVOLUTION_BETA);
  const Descriptor &how = *descriptor.other(OPERATION_CONVOLUTION_CONV);
  operation.convolution = {how.all<int64_t>(CONVOLUTION_FILTER_STRIDES), how.all<int64_t>(CONVOLUTION_DILATIONS),
                           how.all<int64_t>(CONVOLUTION_PRE_PADDINGS), how.all<int64_t>(CONVOLUTION_POST_PADDINGS)};
  return own(descriptor, operation);
}

Problem make_pointwise(Descriptor &descriptor) {
  Operation operation = {};
  operation.x = tensor(descriptor, OPERATION_POINTWISE_X);
  operation.has_second = descriptor.has(OPERATION_POINTWISE_B);
  operation.y = tensor(descriptor, OPERATION_POINTWISE_Y);
  operation.mode = descriptor.other(OPERATION_POINTWISE_PW)->one<int>(POINTWISE_MODE);
  operation.alpha = descriptor.one<float>(OPERATION_POINTWISE_ALPHA1, 1);
  operation.beta = descriptor.one<float>(OPERATION_POINTWISE_ALPHA2, 1);
  bool unary = operation.mode == POINTWISE_EXP || operation.mode == POINTWISE_LOG;
  if (operation.has_second == unary) {
    return bad("a pointwise operation has an operand too few or too many");
  }
  if (operation.has_second) {
    operation.second = tensor(descriptor, OPERATION_POINTWISE_B);
  }
  return own(descriptor, operation);
}

Problem make_product(Descriptor &descriptor) {
  Operation operation = {};
  operation.x = tensor(descriptor, OPERATION_MATMUL_A);
  operation.second = tensor(descriptor, OPERATION_MATMUL_B);
  operation.has_second = true;
  operation.y = tensor(descriptor, OPERATION_MATMUL_C);
  operation.alpha = 1;
  return own(descriptor, operation);
}

Problem make_reduction(Descriptor &descriptor) {
  Operation operation = {};
  operation.x = tensor(descriptor, OPERATION_REDUCTION_X);
  operation.y = tensor(descriptor, OPERATION_REDUCTION_Y);
  operation.mode = descriptor.other(OPERATION_REDUCTION_REDUCTION)->one<int>(REDUCTION_OPERATOR);
  return own(descriptor, operation);
}

/* Whether all that an operation reads is there once these have been written. */
bool is_ready(const Operation &operation, const std::set<int64_t> &written) {
  bool x = !operation.x.is_virtual || written.count(operation.x.id);
  return x && (!operation.has_second || !operation.second.is_virtual || written.count(operation.second.id));
}

bool same(const Tensor &a, const Tensor &b) {
  return a.type == b.type && a.shape.extents == b.shape.extents && a.shape.strides == b.shape.strides
      && a.is_virtual == b.is_virtual && a.is_by_value == b.is_by_value;
}

/* One number is one tensor, and each is written once. */
Problem check_tensors(const Operations &operations) {
  std::map<int64_t, const Tensor *> known;
  std::set<int64_t> written;
  for (const Operation &operation : operations) {
    for (const Tensor *tensor : {&operation.x, operation.has_second ? &operation.second : nullptr, &operation.y}) {
      if (tensor && !same(*known.insert({tensor->id, tensor}).first->second, *tensor)) {
        return bad("two tensors have the number " + std::to_string(tensor->id));
      }
    }
    if (!written.insert(operation.y.id).second) {
      return bad("tensor " + std::to_string(operation.y.id) + " is written twice");
    }
  }
  return NONE;
}

Problem make_graph(Descriptor &descriptor) {
  Operations left;
  for (const std::shared_ptr<Descriptor> &one : descriptor.attributes.at(GRAPH_OPS).descriptors) {
    if (!one->operations || one->operations->size() != 1) {
      return bad("a graph is made of operations");
    }
    left.push_back(one->operations->front());
  }
  Problem problem = check_tensors(left);
  Operations ordered;
  std::set<int64_t> written;
  while (!problem.status && !left.empty()) {
    size_t before = left.size();
    for (size_t i = 0; i < left.size(); i++) {
      if (is_ready(left[i], written)) {
        written.insert(left[i].y.id);
        ordered.push_back(left[i]);
        left.erase(left.begin() + static_cast<long>(i));
        break;
      }
    }
    if (left.size() == before) {
      problem = bad("a virtual tensor is read that nobody writes");
    }
  }
  descriptor.operations = std::make_shared<const Operations>(ordered);
  return problem;
}

Problem check_pack(const Descriptor &descriptor) {
  std::vector<int64_t> ids = descriptor.all<int64_t>(PACK_UNIQUE_IDS);
  if (ids.size() != descriptor.all<void *>(PACK_POINTERS).size()) {
    return bad("a variant pack has not as many pointers as numbers");
  }
  if (std::set<int64_t>(ids.begin(), ids.end()).size() != ids.size()) {
    return {CUDNN_STATUS_BAD_PARAM_DUPLICATED_ENTRIES, "a variant pack has a number twice"};
  }
  return NONE;
}

Problem make(Descriptor &descriptor) {
  switch (descriptor.kind) {
    case TENSOR:
      return make_tensor(descriptor);
    case CONVOLUTION:
      return check_convolution(descriptor);
    case POINTWISE:
      return check_mode(descriptor);
    case MATMUL:
      return check_float(descriptor, MATMUL_COMP_TYPE);
    case REDUCTION:
      return check_reduction(descriptor);
    case OPERATION_CONVOLUTION:
      return make_convolution(descriptor);
    case OPERATION_POINTWISE:
      return make_pointwise(descriptor);
    case OPERATION_MATMUL:
      return make_product(descriptor);
    case OPERATION_REDUCTION:
      return make_reduction(descriptor);
    case GRAPH:
      return make_graph(descriptor);
    case VARIANT_PACK:
      return check_pack(descriptor);
    default:
      return NONE;
  }
}

}  // namespace

cudnnStatus_t finalise(const Call &call, Descriptor &descriptor) {
  std::string missing = missing_attribute(descriptor);
  if (!missing.empty()) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM, missing);
  }
  Problem problem = make(descriptor);
  if (problem.status) {
    return wrong(call, problem.status, problem.text);
  }
  cudnnStatus_t status = choose(call, descriptor);
  descriptor.finalised = status == CUDNN_STATUS_SUCCESS;
  return status;
}

}  // namespace stub
