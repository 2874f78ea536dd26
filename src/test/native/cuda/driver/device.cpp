/* Devices and their contexts. */
#include <cstdio>

#include "../core/context.h"
#include "../core/memory.h"
#include "../core/stream.h"
#include "abi.h"

using stub::Call;
using stub::setting;

static bool ready;

static int require_device(const Call &call, CUdevice device) {
  if (!ready) {
    return call.wrong(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called");
  }
  return device < 0 || device >= setting("devices") ? CUDA_ERROR_INVALID_DEVICE : CUDA_SUCCESS;
}

EXPORTED CUresult cuInit(unsigned int flags) {
  Call call("cuInit");
  ANSWER(call.told());
  if (flags) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, "flags have to be 0");
  }
  ready = true;
  return setting("devices") ? CUDA_SUCCESS : CUDA_ERROR_NO_DEVICE;
}

EXPORTED CUresult cuDriverGetVersion(int *version) {
  Call call("cuDriverGetVersion");
  ANSWER(call.told());
  *version = static_cast<int>(setting("driverVersion"));
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuDeviceGetCount(int *count) {
  Call call("cuDeviceGetCount");
  ANSWER(call.told());
  ANSWER(ready ? CUDA_SUCCESS : call.wrong(CUDA_ERROR_NOT_INITIALIZED, "cuInit was not called"));
  *count = static_cast<int>(setting("devices"));
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  Call call("cuDeviceGet");
  ANSWER(call.told());
  ANSWER(require_device(call, ordinal));
  *device = ordinal;
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuDeviceGetName(char *name, int length, CUdevice device) {
  Call call("cuDeviceGetName");
  ANSWER(call.told());
  ANSWER(require_device(call, device));
  snprintf(name, length, "Stub card %d", device);
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice device) {
  Call call("cuDeviceGetAttribute");
  ANSWER(call.told());
  ANSWER(require_device(call, device));
  const char *name = attribute == 8    ? "sharedMemory"
                     : attribute == 16 ? "multiprocessors"
                     : attribute == 75 ? "computeMajor"
                     : attribute == 76 ? "computeMinor"
                                       : nullptr;
  if (!name) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, "stubs know nothing of attribute " + std::to_string(attribute));
  }
  *value = static_cast<int>(setting(name));
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice device) {
  Call call("cuDeviceTotalMem_v2");
  ANSWER(call.told());
  ANSWER(require_device(call, device));
  *bytes = setting("memory");
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice device) {
  Call call("cuDevicePrimaryCtxRetain");
  ANSWER(call.told());
  ANSWER(require_device(call, device));
  *context = stub::retain_context(device);
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  Call call("cuDevicePrimaryCtxRelease_v2");
  ANSWER(stub::refuse_while_capturing(call));
  stub::finish_all();
  long left = stub::release_context(device);
  if (left < 0) {
    return call.wrong(CUDA_ERROR_INVALID_CONTEXT, "the context is not retained");
  }
  if (left == 0 && stub::allocations_of(device) + stub::streams_of(device) > 0) {
    call.wrong(CUDA_SUCCESS, "the context goes before its allocations or streams");
  }
  return call.told();
}

EXPORTED CUresult cuCtxSetCurrent(CUcontext context) {
  Call call("cuCtxSetCurrent");
  ANSWER(call.told());
  bool known = stub::make_current(context);
  return known ? CUDA_SUCCESS : call.wrong(CUDA_ERROR_INVALID_CONTEXT, "there is no such context");
}
