/* Descriptors of products, matrices and preferences. */
#include <cstring>

#include "product.h"

namespace stub {

Handles<Description> descriptions(Kind::CUBLASLT_DESCRIPTOR);

static std::shared_ptr<Description> find(const Call &call, const void *handle) {
  std::shared_ptr<Description> description = descriptions.find(handle);
  if (!description) {
    call.wrong(CUBLAS_STATUS_INVALID_VALUE, "there is no descriptor " + text_of(handle));
  }
  return description ? description : std::make_shared<Description>();
}

std::shared_ptr<Product> find_product(const Call &call, const void *handle) {
  return find(call, handle)->product;
}

std::shared_ptr<Layout> find_layout(const Call &call, const void *handle) {
  return find(call, handle)->layout;
}

std::shared_ptr<Preference> find_preference(const Call &call, const void *handle) {
  return find(call, handle)->preference;
}

}  // namespace stub

using stub::Call;
using stub::Description;
using stub::Layout;
using stub::Preference;
using stub::Product;

static cublasStatus_t destroy(const Call &call, void *handle) {
  if (!stub::descriptions.take(handle)) {
    return call.wrong(CUBLAS_STATUS_INVALID_VALUE, "there is no descriptor " + stub::text_of(handle));
  }
  return call.told();
}

static cublasStatus_t unknown(const Call &call, int attribute) {
  return call.wrong(CUBLAS_STATUS_INVALID_VALUE, "stubs know no attribute " + std::to_string(attribute));
}

/* The value of an attribute, whose size has to be that of its type. */
template <class T>
static cublasStatus_t set(const Call &call, T *into, const void *value, size_t size) {
  if (size != sizeof(T) || !value) {
    return call.wrong(CUBLAS_STATUS_INVALID_VALUE, "the attribute has not " + std::to_string(size) + " bytes");
  }
  memcpy(into, value, size);
  return CUBLAS_STATUS_SUCCESS;
}

static bool is_type(int type) {
  return type == CUDA_R_32F || type == CUDA_R_16F || type == CUDA_R_16BF;
}

EXPORTED cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *made, int compute, int scale_type) {
  Call call("cublasLtMatmulDescCreate");
  if (call.told()) {
    return call.told();
  }
  if ((compute != COMPUTE_32F && compute != COMPUTE_32F_FAST_TF32) || scale_type != CUDA_R_32F) {
    return call.wrong(CUBLAS_STATUS_INVALID_VALUE, "stubs compute with floats");
  }
  auto product = std::make_shared<Product>();
  product->compute = compute;
  *made = stub::descriptions.add(std::make_shared<Description>(Description{product, nullptr, nullptr}));
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t handle) {
  Call call("cublasLtMatmulDescDestroy");
  return destroy(call, handle);
}

EXPORTED cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t handle, int attribute, const void *value,
                                                       size_t size) {
  Call call("cublasLtMatmulDescSetAttribute");
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Product> product = stub::find_product(call, handle);
  if (!product) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  switch (attribute) {
    case DESC_TRANSA:
      return set(call, &product->transpose_a, value, size);
    case DESC_TRANSB:
      return set(call, &product->transpose_b, value, size);
    case DESC_EPILOGUE:
      return set(call, &product->epilogue, value, size);
    case DESC_BIAS_POINTER:
      return set(call, &product->bias, value, size);
    case DESC_BIAS_DATA_TYPE:
      return set(call, &product->bias_type, value, size);
    default:
      return unknown(call, attribute);
  }
}

EXPORTED cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *made, int type, uint64_t rows,
                                                   uint64_t columns, int64_t ld) {
  Call call("cublasLtMatrixLayoutCreate");
  if (call.told()) {
    return call.told();
  }
  if (!is_type(type) || !rows || !columns || ld < static_cast<int64_t>(rows)) {
    return call.wrong(CUBLAS_STATUS_INVALID_VALUE, "no matrix is like that");
  }
  Layout layout = {type, static_cast<int64_t>(rows), static_cast<int64_t>(columns), ld};
  *made = stub::descriptions.add(
      std::make_shared<Description>(Description{nullptr, std::make_shared<Layout>(layout), nullptr}));
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t handle) {
  Call call("cublasLtMatrixLayoutDestroy");
  return destroy(call, handle);
}

EXPORTED cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t handle, int attribute,
                                                         const void *value, size_t size) {
  Call call("cublasLtMatrixLayoutSetAttribute");
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Layout> layout = stub::find_layout(call, handle);
  if (!layout) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  switch (attribute) {
    case LAYOUT_BATCH_COUNT:
      return set(call, &layout->batch, value, size);
    case LAYOUT_BATCH_OFFSET:
      return set(call, &layout->batch_offset, value, size);
    default:
      return unknown(call, attribute);
  }
}

EXPORTED cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *made) {
  Call call("cublasLtMatmulPreferenceCreate");
  if (call.told()) {
    return call.told();
  }
  *made = stub::descriptions.add(
      std::make_shared<Description>(Description{nullptr, nullptr, std::make_shared<Preference>()}));
  return CUBLAS_STATUS_SUCCESS;
}

EXPORTED cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t handle) {
  Call call("cublasLtMatmulPreferenceDestroy");
  return destroy(call, handle);
}

EXPORTED cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle, int attribute,
                                                             const void *value, size_t size) {
  Call call("cublasLtMatmulPreferenceSetAttribute");
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Preference> preference = stub::find_preference(call, handle);
  if (!preference) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  switch (attribute) {
    case PREF_WORKSPACE:
      return set(call, &preference->workspace, value, size);
    case PREF_REDUCTION_MASK:
      return set(call, &preference->reductions, value, size);
    case PREF_ALIGNMENT_A:
    case PREF_ALIGNMENT_B:
    case PREF_ALIGNMENT_C:
    case PREF_ALIGNMENT_D:
      return set(call, &preference->alignments[attribute - PREF_ALIGNMENT_A], value, size);
    default:
      return unknown(call, attribute);
  }
}
