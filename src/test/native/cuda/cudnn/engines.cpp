/* Engines: one whose results differ from time to time, one for tensor cores, and one that does what it is asked to. */
#include "../core/call.h"
#include "abi.h"
#include "engines.h"

namespace stub {

bool is_in(const char *set, int engine) {
  return setting(set) >> engine & 1;
}

/* Products of floats in memory, for which tensor cores take fewer bits. */
static bool of_floats(const Operations &operations) {
  for (const Operation &operation : operations) {
    bool product = operation.kind == OPERATION_CONVOLUTION || operation.kind == OPERATION_MATMUL;
    if (product && operation.x.type == Stored::FLOATS && !operation.x.is_virtual) {
      return true;
    }
  }
  return false;
}

/* Attention: matrix products, and reductions of them. */
static bool is_attention(const Operations &operations) {
  bool products = false;
  bool reductions = false;
  for (const Operation &operation : operations) {
    products |= operation.kind == OPERATION_MATMUL;
    reductions |= operation.kind == OPERATION_REDUCTION;
  }
  return products && reductions;
}

/* Whether what a product has in memory is such as attention takes: 16 bits, and heads of some sizes alone. */
static bool attends(const Operation &product) {
  static const int64_t STEP = 8;
  static const int64_t LARGEST = 256;
  for (const Tensor *tensor : {&product.x, &product.second, &product.y}) {
    if (!tensor->is_virtual && tensor->type == Stored::FLOATS) {
      return false;
    }
  }
  /* Queries and keys, or what has become of them, and values. */
  int64_t head = (product.x.is_virtual ? product.second : product.x).shape.extents.back();
  return head % STEP == 0 && head <= LARGEST;
}

bool computes(const Operations &operations, int64_t engine) {
  if (engine < 0 || engine >= ENGINES) {
    return false;
  }
  if (!is_attention(operations)) {
    return operations.size() == 1 || (setting("cudnnFusingEngines") >> engine & 1);
  }
  for (const Operation &operation : operations) {
    if (operation.kind == OPERATION_MATMUL && !attends(operation)) {
      return false;
    }
  }
  return setting("cudnnAttentionEngines") >> engine & 1;
}

std::vector<int> engines_of(const Operations &operations, int mode) {
  long offered = setting(mode == HEUR_MODE_FALLBACK ? "cudnnFallbackEngines" : "cudnnEngines");
  std::vector<int> engines;
  for (int engine = 0; engine < ENGINES; engine++) {
    if ((offered >> engine & 1) && computes(operations, engine)) {
      engines.push_back(engine);
    }
  }
  return engines;
}

std::vector<int> numerical_notes(const Operations &operations, int engine) {
  if (is_in("cudnnTransformingEngines", engine)) {
    return {NOTE_WINOGRAD_TILE_4x4};
  }
  if (engine == UNSTEADY) {
    return {NOTE_NONDETERMINISTIC};
  }
  if (engine == PLAIN) {
    return {};
  }
  return of_floats(operations) ? std::vector<int>{NOTE_TENSOR_CORE, NOTE_DOWN_CONVERT_INPUTS}
                               : std::vector<int>{NOTE_TENSOR_CORE};
}

std::vector<int> behavior_notes(const Operations &operations, int) {
  return operations.size() > 1 ? std::vector<int>{NOTE_RUNTIME_COMPILATION} : std::vector<int>{};
}

bool takes(const Operations &operations, int engine) {
  return !is_in("cudnnRefusingEngines", engine) || images_of(operations) <= setting("cudnnMostImages");
}

Arithmetic arithmetic_of(const Operations &operations, int engine, const Knobs &knobs) {
  static bool again;
  again = !again;
  float error = is_in("cudnnWrongEngines", engine) ? 0.3f : engine == UNSTEADY && again ? 1e-4f : 0.0f;
  return {engine == TENSOR_CORES && of_floats(operations), error, units_of(engine, knobs)};
}

int64_t workspace_of(int engine) {
  return setting("cudnnWorkspace") * (engine + 1);
}

}  // namespace stub
