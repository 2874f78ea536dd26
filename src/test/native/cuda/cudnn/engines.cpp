/* Engines: one whose results differ from time to time, one for tensor cores, and one that does what it is asked to. */
#include "descriptor.h"

namespace stub {

enum { UNSTEADY, TENSOR_CORES, PLAIN, ENGINES };

/* Products of floats, for which tensor cores take fewer bits. */
static bool of_floats(const Operations &operations) {
  for (const Operation &operation : operations) {
    bool product = operation.kind == OPERATION_CONVOLUTION || operation.kind == OPERATION_MATMUL;
    if (product && operation.x.type == Stored::FLOATS) {
      return true;
    }
  }
  return false;
}

std::vector<int> engines_of(const Operations &operations, int mode) {
  long offered = setting(mode == HEUR_MODE_FALLBACK ? "cudnnFallbackEngines" : "cudnnEngines");
  bool fused = operations.size() > 1;
  std::vector<int> engines;
  for (int engine = 0; engine < ENGINES; engine++) {
    if ((offered >> engine & 1) && (!fused || (setting("cudnnFusingEngines") >> engine & 1))) {
      engines.push_back(engine);
    }
  }
  return engines;
}

std::vector<int> numerical_notes(const Operations &operations, int engine) {
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

bool takes(const Operations &, int engine) {
  return !(setting("cudnnRefusingEngines") >> engine & 1);
}

Arithmetic arithmetic_of(const Operations &operations, int engine) {
  static bool again;
  again = !again;
  return {engine == TENSOR_CORES && of_floats(operations), engine == UNSTEADY && again ? 1e-4f : 0.0f};
}

int64_t workspace_of(int engine) {
  return setting("cudnnWorkspace") * (engine + 1);
}

}  // namespace stub
