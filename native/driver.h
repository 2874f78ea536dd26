/* What the backend cuda calls of the driver, libcuda. */
#include <cuda.h>

/* CUDA 13 makes this name a macro for cuEventElapsedTime_v2, which drivers before 12.8 lack. Every driver has the
 * original function. */
#undef cuEventElapsedTime
CUresult CUDAAPI cuEventElapsedTime(float *pMilliseconds, CUevent hStart, CUevent hEnd);
