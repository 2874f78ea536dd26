/* What cuBLASLt takes and answers: handles are addresses, everything else numbers. */
#pragma once

#include <cstddef>
#include <cstdint>

#include "../core/call.h"

typedef int cublasStatus_t;
typedef void *cublasLtHandle_t;
typedef void *cublasLtMatmulDesc_t;
typedef void *cublasLtMatrixLayout_t;
typedef void *cublasLtMatmulPreference_t;

/* Eight numbers that mean something to the library alone; to the stub, the first says which algorithm it is. */
struct cublasLtMatmulAlgo_t {
  uint64_t data[8];
};

struct cublasLtMatmulHeuristicResult_t {
  cublasLtMatmulAlgo_t algo;
  size_t workspaceSize;
  cublasStatus_t state;
  float wavesCount;
  int reserved[4];
};

enum {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_EXECUTION_FAILED = 13,
  CUBLAS_STATUS_NOT_SUPPORTED = 15,
};

enum { CUDA_R_32F = 0, CUDA_R_16F = 2, CUDA_R_16BF = 14 };
enum { COMPUTE_32F = 68, COMPUTE_32F_FAST_TF32 = 77 };
enum { OP_N = 0, OP_T = 1 };
enum { EPILOGUE_DEFAULT = 1, EPILOGUE_BIAS = 4 };
enum { REDUCTION_NONE = 0, REDUCTION_INPLACE = 1, REDUCTION_ANY = 7 };

/* Attributes. */
enum { DESC_TRANSA = 3, DESC_TRANSB = 4, DESC_EPILOGUE = 7, DESC_BIAS_POINTER = 8, DESC_BIAS_DATA_TYPE = 26 };
enum { LAYOUT_BATCH_COUNT = 5, LAYOUT_BATCH_OFFSET = 6 };
enum {
  PREF_WORKSPACE = 1,
  PREF_REDUCTION_MASK = 3,
  PREF_ALIGNMENT_A = 5,
  PREF_ALIGNMENT_B = 6,
  PREF_ALIGNMENT_C = 7,
  PREF_ALIGNMENT_D = 8
};
enum { ALGO_SPLITK_NUM = 2, ALGO_REDUCTION_SCHEME = 3 };
