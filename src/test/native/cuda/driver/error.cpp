/* Names of statuses. */
#include "abi.h"

struct Error {
  CUresult status;
  const char *name;
  const char *text;
};

static const Error errors[] = {
    {0, "CUDA_SUCCESS", "fine"},
    {1, "CUDA_ERROR_INVALID_VALUE", "an argument has a value it must not have"},
    {2, "CUDA_ERROR_OUT_OF_MEMORY", "the device has not that much memory"},
    {3, "CUDA_ERROR_NOT_INITIALIZED", "cuInit was not called"},
    {46, "CUDA_ERROR_DEVICES_UNAVAILABLE", "the device is somebody else's"},
    {100, "CUDA_ERROR_NO_DEVICE", "there is no device"},
    {101, "CUDA_ERROR_INVALID_DEVICE", "there is no such device"},
    {200, "CUDA_ERROR_INVALID_IMAGE", "this is no program"},
    {201, "CUDA_ERROR_INVALID_CONTEXT", "there is no such context"},
    {209, "CUDA_ERROR_NO_BINARY_FOR_GPU", "the program is for other devices"},
    {214, "CUDA_ERROR_ECC_UNCORRECTABLE", "memory lost what was in it"},
    {400, "CUDA_ERROR_INVALID_HANDLE", "there is no such object"},
    {401, "CUDA_ERROR_ILLEGAL_STATE", "not in this state"},
    {500, "CUDA_ERROR_NOT_FOUND", "there is nothing of this name"},
    {600, "CUDA_ERROR_NOT_READY", "not done yet"},
    {700, "CUDA_ERROR_ILLEGAL_ADDRESS", "there is no memory at an address"},
    {701, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "a block has more threads than it may"},
    {719, "CUDA_ERROR_LAUNCH_FAILED", "a kernel has failed"},
    {802, "CUDA_ERROR_SYSTEM_NOT_READY", "the system is not ready"},
    {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "the driver's parts are of different versions"},
    {900, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED", "not while a stream is captured"},
    {901, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED", "the capture was broken"},
    {908, "CUDA_ERROR_STREAM_CAPTURE_WRONG_THREAD", "another thread captures"},
    {999, "CUDA_ERROR_UNKNOWN", "nobody knows why"},
};

static const Error *find(CUresult status) {
  for (const Error &error : errors) {
    if (error.status == status) {
      return &error;
    }
  }
  return nullptr;
}

EXPORTED CUresult cuGetErrorName(CUresult status, const char **name) {
  stub::Call call("cuGetErrorName");
  const Error *error = call.told() ? nullptr : find(status);
  *name = error ? error->name : nullptr;
  return error ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}

EXPORTED CUresult cuGetErrorString(CUresult status, const char **text) {
  stub::Call call("cuGetErrorString");
  const Error *error = call.told() ? nullptr : find(status);
  *text = error ? error->text : nullptr;
  return error ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
}
