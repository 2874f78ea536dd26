/*
 * A driver without a card: as much of libcuda as cuDNN wants to find before it chooses and compiles engines for a card
 * that is described to it. Code is taken and thrown away; whatever else is asked, there is no device.
 */
#define SUCCESS 0
#define NO_DEVICE 100
#define CUDA_VERSION 13000

int cuDriverGetVersion(int *version) {
  *version = CUDA_VERSION;
  return SUCCESS;
}

/* Gives a handle that is good for nothing. */
#define MAKES(name) \
  int name(void **made) { \
    static int nothing; \
    *made = &nothing; \
    return SUCCESS; \
  }
MAKES(cuCtxGetCurrent)
MAKES(cuLibraryLoadData)
MAKES(cuLibraryGetKernel)

#define ACCEPTS(name) \
  int name(void) { \
    return SUCCESS; \
  }
ACCEPTS(cuCtxPopCurrent)
ACCEPTS(cuCtxPushCurrent)
ACCEPTS(cuKernelGetAttribute)
ACCEPTS(cuKernelSetAttribute)
ACCEPTS(cuLibraryUnload)

#define REFUSES(name) \
  int name(void) { \
    return NO_DEVICE; \
  }
REFUSES(cuCtxGetLimit)
REFUSES(cuDeviceGet)
REFUSES(cuDeviceGetCount)
REFUSES(cuGetErrorName)
REFUSES(cuGetErrorString)
REFUSES(cuLaunchCooperativeKernel)
REFUSES(cuLaunchKernel)
REFUSES(cuLaunchKernelEx)
REFUSES(cuLibraryLoadFromFile)
REFUSES(cuLinkAddData)
REFUSES(cuLinkComplete)
REFUSES(cuLinkCreate)
REFUSES(cuLinkDestroy)
REFUSES(cuOccupancyMaxPotentialClusterSize)
REFUSES(cuStreamGetCtx)
