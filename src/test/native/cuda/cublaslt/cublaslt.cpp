/* Handles, heuristics and products. */
#include <cstring>

#include "../core/context.h"
#include "../core/memory.h"
#include "../core/stream.h"
#include "product.h"

namespace stub {

struct LibraryHandle {
  int device;
};

static Handles<LibraryHandle> libraries(Kind::CUBLASLT_HANDLE);

}  // namespace stub

using stub::Algorithm;
using stub::Call;
using stub::Layout;
using stub::Multiplication;
using stub::Product;

/* What pointers have to be multiples of. */
static const uintptr_t ALIGNMENT = 16;

EXPORTED size_t cublasLtGetVersion(void) {
  Call call("cublasLtGetVersion");
  return stub::setting("cublasltVersion");
}

EXPORTED const char *cublasLtGetStatusName(cublasStatus_t status) {
  Call call("cublasLtGetStatusName");
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_EXECUTION_FAILED:
      return "CUBLAS_STATUS_EXECUTION_FAILED";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    default:
      return "CUBLAS_STATUS unknown";
  }
}

EXPORTED const char *cublasLtGetStatusString(cublasStatus_t status) {
  Call call("cublasLtGetStatusString");
  return status == CUBLAS_STATUS_SUCCESS ? "fine" : "not done";
}

EXPORTED cublasStatus_t cublasLtCreate(cublasLtHandle_t *made) {
  Call call("cublasLtCreate");
  if (call.told()) {
    return call.told();
  }
  if (stub::require_context(call) || stub::refuse_while_capturing(call)) {
    return CUBLAS_STATUS_NOT_INITIALIZED;
  }
  *made = stub::libraries.add(std::make_shared<stub::LibraryHandle>(stub::LibraryHandle{stub::current_device()}));
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  Call call("cublasLtDestroy");
  if (stub::refuse_while_capturing(call)) {
    return CUBLAS_STATUS_EXECUTION_FAILED;
  }
  stub::finish_all();
  if (!stub::libraries.take(handle)) {
    return call.wrong(CUBLAS_STATUS_NOT_INITIALIZED, "there is no handle " + stub::text_of(handle));
  }
  return call.told();
}

/* A product with its matrices; a status if it is not well described. */
static cublasStatus_t describe(const Call &call, cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                               cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                               cublasLtMatrixLayout_t d, Multiplication *into) {
  std::shared_ptr<stub::LibraryHandle> library = stub::libraries.find(handle);
  if (!library) {
    return call.wrong(CUBLAS_STATUS_NOT_INITIALIZED, "there is no handle " + stub::text_of(handle));
  }
  std::shared_ptr<Product> described = stub::find_product(call, product);
  std::shared_ptr<Layout> layouts[] = {stub::find_layout(call, a), stub::find_layout(call, b),
                                       stub::find_layout(call, c), stub::find_layout(call, d)};
  if (!described || !layouts[0] || !layouts[1] || !layouts[2] || !layouts[3]) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  std::string problem = stub::problem_of(*described, *layouts[0], *layouts[1], *layouts[2], *layouts[3]);
  if (!problem.empty()) {
    return call.wrong(CUBLAS_STATUS_INVALID_VALUE, problem);
  }
  *into = {};
  into->device = library->device;
  into->product = *described;
  into->a = *layouts[0];
  into->b = *layouts[1];
  into->c = *layouts[2];
  into->d = *layouts[3];
  return stub::refusal_of(into->product, into->a, into->d).empty() ? CUBLAS_STATUS_SUCCESS
                                                                   : CUBLAS_STATUS_NOT_SUPPORTED;
}

EXPORTED cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                                       cublasLtMatmulPreference_t preference, int room,
                                                       cublasLtMatmulHeuristicResult_t *results, int *count) {
  Call call("cublasLtMatmulAlgoGetHeuristic");
  *count = 0;
  if (call.told()) {
    return call.told();
  }
  Multiplication described;
  cublasStatus_t status = describe(call, handle, product, a, b, c, d, &described);
  std::shared_ptr<stub::Preference> allowed = stub::find_preference(call, preference);
  if (status || !allowed) {
    return status ? status : CUBLAS_STATUS_INVALID_VALUE;
  }
  const Algorithm *algorithm = stub::next_algorithm(*allowed, nullptr);
  for (; algorithm && *count < room; algorithm = stub::next_algorithm(*allowed, algorithm)) {
    results[*count] = {{{algorithm->id}}, algorithm->workspace, CUBLAS_STATUS_SUCCESS, 1, {}};
    ++*count;
  }
  return *count ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

EXPORTED cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t product,
                                                cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                                cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                                const cublasLtMatmulAlgo_t *algo,
                                                cublasLtMatmulHeuristicResult_t *result) {
  Call call("cublasLtMatmulAlgoCheck");
  if (call.told()) {
    return call.told();
  }
  Multiplication described;
  cublasStatus_t status = describe(call, handle, product, a, b, c, d, &described);
  const Algorithm *algorithm = stub::find_algorithm(algo->data[0]);
  if (status || !algorithm) {
    return status ? status : call.wrong(CUBLAS_STATUS_INVALID_VALUE, "there is no such algorithm");
  }
  *result = {*algo, algorithm->workspace, CUBLAS_STATUS_SUCCESS, 1, {}};
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t *algo, int attribute,
                                                             void *value, size_t size, size_t *written) {
  Call call("cublasLtMatmulAlgoConfigGetAttribute");
  if (call.told()) {
    return call.told();
  }
  const Algorithm *algorithm = stub::find_algorithm(algo->data[0]);
  bool known = attribute == ALGO_SPLITK_NUM || attribute == ALGO_REDUCTION_SCHEME;
  if (!algorithm || !known || size < sizeof(int)) {
    return call.wrong(CUBLAS_STATUS_INVALID_VALUE, algorithm ? "stubs do not tell this" : "there is no such algorithm");
  }
  int told = attribute == ALGO_SPLITK_NUM ? algorithm->splits : algorithm->reduction;
  memcpy(value, &told, sizeof told);
  if (written) {
    *written = sizeof told;
  }
  return CUBLAS_STATUS_SUCCESS;
}

/* What keeps a product from being computed; empty: nothing. */
static std::string obstacle(const Multiplication &of) {
  struct Place {
    const char *name;
    const char *at;
    size_t size;
    uintptr_t alignment;
  };
  bool adds = of.beta != 0;
  bool biased = of.product.epilogue == EPILOGUE_BIAS;
  size_t bias = of.d.rows * stub::bytes_of(stub::stored(stub::bias_type_of(of.product, of.d)));
  const Place places[] = {
      {"A", of.from_a, stub::span_of(of.a), ALIGNMENT},
      {"B", of.from_b, stub::span_of(of.b), ALIGNMENT},
      {"C", of.from_c, adds ? stub::span_of(of.c) : 0, ALIGNMENT},
      {"D", of.to, stub::span_of(of.d), ALIGNMENT},
      {"the bias", of.product.bias, biased ? bias : 0, 1},
      {"the workspace", of.workspace, of.workspace_size, ALIGNMENT},
  };
  for (const Place &place : places) {
    std::string problem = place.size ? stub::not_of_device(of.device, place.at, place.size) : "";
    if (place.size && reinterpret_cast<uintptr_t>(place.at) % place.alignment) {
      problem = stub::text_of(place.at) + " is not aligned";
    }
    if (!problem.empty()) {
      return std::string(place.name) + ": " + problem;
    }
  }
  return "";
}

EXPORTED cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t product, const void *alpha,
                                       const void *from_a, cublasLtMatrixLayout_t a, const void *from_b,
                                       cublasLtMatrixLayout_t b, const void *beta, const void *from_c,
                                       cublasLtMatrixLayout_t c, void *to, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t *algo, void *workspace, size_t workspace_size,
                                       void *stream) {
  Call call("cublasLtMatmul");
  if (call.told()) {
    return call.told();
  }
  auto of = std::make_shared<Multiplication>();
  cublasStatus_t status = describe(call, handle, product, a, b, c, d, of.get());
  if (status) {
    return status;
  }
  const Algorithm *algorithm = algo ? stub::find_algorithm(algo->data[0]) : stub::find_algorithm(3);
  if (!algorithm || algorithm->workspace > workspace_size) {
    return call.wrong(CUBLAS_STATUS_INVALID_VALUE, algorithm ? "the workspace is too small" : "no such algorithm");
  }
  of->from_a = static_cast<char *>(const_cast<void *>(from_a));
  of->from_b = static_cast<char *>(const_cast<void *>(from_b));
  of->from_c = static_cast<char *>(const_cast<void *>(from_c));
  of->to = static_cast<char *>(to);
  memcpy(&of->alpha, alpha, sizeof of->alpha);
  memcpy(&of->beta, beta, sizeof of->beta);
  of->algorithm = algorithm;
  of->workspace = static_cast<char *>(workspace);
  of->workspace_size = algorithm->workspace;
  stub::Work work;
  work.what = "a product of cuBLASLt";
  work.obstacle = [of] { return obstacle(*of); };
  work.run = [of] {
    /* NaNs, for whoever believes that something is kept there. */
    memset(of->workspace, 0xFF, of->workspace_size);
    stub::multiply(*of);
  };
  return stub::enqueue(call, stream, std::move(work)) ? CUBLAS_STATUS_EXECUTION_FAILED : CUBLAS_STATUS_SUCCESS;
}
