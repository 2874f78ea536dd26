/* Memory, and copies and fills of it. */
#include "../core/memory.h"

#include <cstring>
#include <memory>

#include "../core/context.h"
#include "../core/handles.h"
#include "../core/stream.h"
#include "abi.h"

using stub::Call;
using stub::Work;

EXPORTED CUresult cuMemGetInfo_v2(size_t *left, size_t *total) {
  Call call("cuMemGetInfo_v2");
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  *left = stub::memory_left(stub::current_device());
  *total = stub::setting("memory");
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuMemAlloc_v2(CUdeviceptr *at, size_t size) {
  Call call("cuMemAlloc_v2");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  if (size == 0) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, "no bytes are asked for");
  }
  int device = stub::current_device();
  bool fits = size <= static_cast<size_t>(stub::memory_left(device));
  void *allocated = fits ? stub::allocate(device, size) : nullptr;
  *at = reinterpret_cast<CUdeviceptr>(allocated);
  return allocated ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORTED CUresult cuMemFree_v2(CUdeviceptr at) {
  Call call("cuMemFree_v2");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(stub::require_context(call));
  stub::finish_all();
  if (!stub::release(stub::current_device(), address(at))) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, stub::text_of(address(at)) + " is no allocation of a device");
  }
  return call.told();
}

EXPORTED CUresult cuMemHostAlloc(void **at, size_t size, unsigned int) {
  Call call("cuMemHostAlloc");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  *at = size ? stub::allocate(-1, size) : nullptr;
  return *at ? CUDA_SUCCESS : CUDA_ERROR_OUT_OF_MEMORY;
}

EXPORTED CUresult cuMemFreeHost(void *at) {
  Call call("cuMemFreeHost");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(stub::require_context(call));
  stub::finish_all();
  if (!stub::release(-1, at)) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, stub::text_of(at) + " is no page-locked memory");
  }
  return call.told();
}

static bool captures(CUstream handle) {
  std::shared_ptr<stub::Stream> stream = stub::find_stream(handle);
  return stream && stream->capturing;
}

/* A graph would read or write the host's memory at every launch; only page-locked memory is sure to be there. */
static int refuse_pageable(const Call &call, CUstream stream, const void *host, size_t size) {
  if (!captures(stream) || stub::within(-1, host, size)) {
    return CUDA_SUCCESS;
  }
  stub::find_stream(stream)->capture_broken = true;
  return call.wrong(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "a copy of pageable memory cannot be captured");
}

EXPORTED CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t size, CUstream stream) {
  Call call("cuMemcpyHtoDAsync_v2");
  ANSWER(call.told());
  ANSWER(refuse_pageable(call, stream, from, size));
  int device = stub::current_device();
  /* What is pageable is read before the call ends, as a driver does; what is page-locked when its turn comes. */
  std::shared_ptr<char[]> staged;
  if (!stub::within(-1, from, size)) {
    staged.reset(new char[size]);
    memcpy(staged.get(), from, size);
  }
  Work work;
  work.what = "a copy to the device";
  work.obstacle = [=] {
    std::string obstacle = stub::not_of_device(device, address(to), size);
    return obstacle.empty() ? stub::not_of_host(from, size) : obstacle;
  };
  work.run = [=] { memcpy(address(to), staged ? staged.get() : from, size); };
  return stub::enqueue(call, stream, work);
}

EXPORTED CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t size, CUstream stream) {
  Call call("cuMemcpyDtoHAsync_v2");
  ANSWER(call.told());
  ANSWER(refuse_pageable(call, stream, to, size));
  int device = stub::current_device();
  Work work;
  work.what = "a copy from the device";
  work.obstacle = [=] {
    std::string obstacle = stub::not_of_device(device, address(from), size);
    return obstacle.empty() ? stub::not_of_host(to, size) : obstacle;
  };
  work.run = [=] { memcpy(to, address(from), size); };
  int status = stub::enqueue(call, stream, work);
  std::shared_ptr<stub::Stream> its = stub::find_stream(stream);
  /* Pageable memory is written before the call ends: a driver waits. */
  if (!status && its && !its->capturing && !stub::within(-1, to, size)) {
    stub::finish(*its);
  }
  return status;
}

EXPORTED CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t size, CUstream stream) {
  Call call("cuMemcpyDtoDAsync_v2");
  ANSWER(call.told());
  int device = stub::current_device();
  Work work;
  work.what = "a copy within the device";
  work.obstacle = [=] {
    std::string obstacle = stub::not_of_device(device, address(to), size);
    bool overlaps = to < from + size && from < to + size;
    return !obstacle.empty() ? obstacle
           : overlaps        ? "source and target overlap"
                             : stub::not_of_device(device, address(from), size);
  };
  work.run = [=] { memcpy(address(to), address(from), size); };
  return stub::enqueue(call, stream, work);
}

EXPORTED CUresult cuMemsetD8Async(CUdeviceptr at, unsigned char value, size_t size, CUstream stream) {
  Call call("cuMemsetD8Async");
  ANSWER(call.told());
  int device = stub::current_device();
  Work work;
  work.what = "a fill";
  work.obstacle = [=] { return stub::not_of_device(device, address(at), size); };
  work.run = [=] { memset(address(at), value, size); };
  return stub::enqueue(call, stream, work);
}
