/* What the backend cuda calls of cuBLASLt: matrix products. */
#include <cublasLt.h>
