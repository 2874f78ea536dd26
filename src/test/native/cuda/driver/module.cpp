/* Modules and launches of their kernels. */
#include <cstring>
#include <map>

#include "../core/context.h"
#include "../core/handles.h"
#include "../core/memory.h"
#include "../core/stream.h"
#include "abi.h"
#include "program.h"

using stub::Axes;
using stub::Call;
using stub::Work;

/* What every card takes at most. */
static const unsigned int THREADS_OF_BLOCK = 1024;
static const unsigned int DEPTH_OF_BLOCK = 64;
static const unsigned int BLOCKS_ASIDE = 65535;

struct Module {
  int device;
  std::shared_ptr<stub::Program> program;
  std::vector<void *> functions;
  bool unloaded = false;
};

struct Function {
  std::shared_ptr<Module> module;
  const StubKernel *kernel;
};

static stub::Handles<Module> modules(stub::Kind::MODULE);
static std::map<const void *, Function> functions;

EXPORTED CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  Call call("cuModuleLoadData");
  ANSWER(stub::refuse_while_capturing(call));
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  int architecture = stub::architecture_of(image);
  if (architecture == 0) {
    return call.wrong(CUDA_ERROR_INVALID_IMAGE, "the image is none that the stub of NVRTC has made");
  }
  /* Programs run on their own generation of cards from their own minor number on. */
  long own = 10 * stub::setting("computeMajor") + stub::setting("computeMinor");
  if (architecture / 10 != own / 10 || architecture > own) {
    return CUDA_ERROR_NO_BINARY_FOR_GPU;
  }
  std::string reason;
  std::shared_ptr<stub::Program> program = stub::load_program(image, &reason);
  if (!program) {
    return call.wrong(CUDA_ERROR_INVALID_IMAGE, reason);
  }
  if (program->shared_size > static_cast<size_t>(stub::setting("sharedMemory"))) {
    return call.wrong(CUDA_ERROR_INVALID_IMAGE, "the program shares more memory than there is");
  }
  *module = modules.add(std::make_shared<Module>(Module{stub::current_device(), program, {}}));
  return CUDA_SUCCESS;
}

EXPORTED CUresult cuModuleUnload(CUmodule handle) {
  Call call("cuModuleUnload");
  ANSWER(stub::refuse_while_capturing(call));
  stub::finish_all();
  std::shared_ptr<Module> module = modules.take(handle);
  if (!module) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no module " + stub::text_of(handle));
  }
  module->unloaded = true;
  for (void *function : module->functions) {
    functions.erase(function);
  }
  return call.told();
}

EXPORTED CUresult cuModuleGetFunction(CUfunction *function, CUmodule handle, const char *name) {
  Call call("cuModuleGetFunction");
  ANSWER(call.told());
  std::shared_ptr<Module> module = modules.find(handle);
  if (!module) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no module " + stub::text_of(handle));
  }
  const StubKernel *kernel = stub::find_kernel(*module->program, name);
  if (!kernel) {
    return CUDA_ERROR_NOT_FOUND;
  }
  *function = stub::fresh_handle();
  module->functions.push_back(*function);
  functions[*function] = {module, kernel};
  return CUDA_SUCCESS;
}

/* What is wrong with a grid; empty: nothing. */
static std::string refuse_shape(const StubKernel &kernel, Axes grid, Axes block, CUresult *status) {
  unsigned long threads = static_cast<unsigned long>(block.x) * block.y * block.z;
  *status = CUDA_ERROR_INVALID_VALUE;
  if (threads == 0 || static_cast<unsigned long>(grid.x) * grid.y * grid.z == 0) {
    return "nothing to do";
  }
  if (threads > THREADS_OF_BLOCK || block.z > DEPTH_OF_BLOCK) {
    return "a block of more threads than there may be";
  }
  if (grid.x > 0x7FFFFFFFu || grid.y > BLOCKS_ASIDE || grid.z > BLOCKS_ASIDE) {
    return "a grid of more blocks than there may be";
  }
  *status = CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES;
  return kernel.most_threads && threads > kernel.most_threads ? "more threads than __launch_bounds__ promised" : "";
}

/* What is wrong with arguments that are pointers; empty: nothing. Page-locked memory is the device's, too. */
static std::string refuse_pointers(int device, const StubKernel &kernel, const stub::Arguments &arguments) {
  for (size_t i = 0; i < kernel.count; i++) {
    void *pointer = nullptr;
    if (kernel.parameters[i].is_pointer) {
      memcpy(&pointer, arguments[i].data(), sizeof pointer);
    }
    if (pointer && !stub::within(device, pointer, 1) && !stub::within(-1, pointer, 1)) {
      return "argument " + std::to_string(i) + ": " + stub::not_of_device(device, pointer, 1);
    }
  }
  return "";
}

EXPORTED CUresult cuLaunchKernel(CUfunction handle, unsigned int grid_x, unsigned int grid_y, unsigned int grid_z,
                                 unsigned int block_x, unsigned int block_y, unsigned int block_z, unsigned int shared,
                                 CUstream stream, void **parameters, void **extra) {
  Call call("cuLaunchKernel");
  ANSWER(call.told());
  ANSWER(stub::require_context(call));
  auto found = functions.find(handle);
  if (found == functions.end()) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "there is no function " + stub::text_of(handle));
  }
  std::shared_ptr<Module> module = found->second.module;
  const StubKernel *kernel = found->second.kernel;
  if (module->device != stub::current_device()) {
    return call.wrong(CUDA_ERROR_INVALID_HANDLE, "the module is another device's than the current context");
  }
  if (shared || extra || (kernel->count && !parameters)) {
    return call.wrong(CUDA_ERROR_INVALID_VALUE, "stubs take kernelParams alone, and no shared memory on request");
  }
  Axes grid = {grid_x, grid_y, grid_z};
  Axes block = {block_x, block_y, block_z};
  CUresult status;
  std::string refusal = refuse_shape(*kernel, grid, block, &status);
  if (!refusal.empty()) {
    return call.wrong(status, std::string(kernel->name) + ": " + refusal);
  }
  stub::Arguments arguments;
  for (size_t i = 0; i < kernel->count; i++) {
    const char *value = static_cast<const char *>(parameters[i]);
    arguments.emplace_back(value, value + kernel->parameters[i].size);
  }
  Work work;
  work.what = std::string("kernel ") + kernel->name;
  work.obstacle = [module, kernel, arguments] {
    return module->unloaded ? "its module is unloaded" : refuse_pointers(module->device, *kernel, arguments);
  };
  work.run = [module, kernel, grid, block, arguments] {
    stub::run_kernel(*module->program, *kernel, grid, block, arguments);
  };
  return stub::enqueue(call, stream, std::move(work));
}
