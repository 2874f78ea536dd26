/* Handles, and execution of plans on their streams. */
#include <cstring>

#include "../core/context.h"
#include "../core/memory.h"
#include "../core/stream.h"
#include "descriptor.h"

namespace stub {

static Handles<Handle> handles(Kind::CUDNN_HANDLE);

std::shared_ptr<Handle> find_handle(const void *handle) {
  return handles.find(handle);
}

}  // namespace stub

using stub::Call;
using stub::Descriptor;
using stub::Handle;
using stub::Tensor;
using stub::wrong;

EXPORTED size_t cudnnGetVersion(void) {
  Call call("cudnnGetVersion");
  return stub::setting("cudnnVersion");
}

EXPORTED const char *cudnnGetErrorString(cudnnStatus_t status) {
  Call call("cudnnGetErrorString");
  switch (status) {
    case CUDNN_STATUS_SUCCESS:
      return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED:
      return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED:
      return "CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED";
    case CUDNN_STATUS_NOT_SUPPORTED:
      return "CUDNN_STATUS_NOT_SUPPORTED";
    case CUDNN_STATUS_EXECUTION_FAILED:
      return "CUDNN_STATUS_EXECUTION_FAILED";
    default:
      return status >= 2000 && status < 3000 ? "CUDNN_STATUS_BAD_PARAM" : "CUDNN_STATUS unknown";
  }
}

EXPORTED cudnnStatus_t cudnnCreate(cudnnHandle_t *made) {
  Call call("cudnnCreate");
  if (call.told()) {
    return call.told();
  }
  if (stub::require_context(call) || stub::refuse_while_capturing(call)) {
    return CUDNN_STATUS_NOT_INITIALIZED;
  }
  auto handle = std::make_shared<Handle>();
  handle->device = stub::current_device();
  *made = stub::handles.add(handle);
  return CUDNN_STATUS_SUCCESS;
}

EXPORTED cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  Call call("cudnnDestroy");
  if (stub::refuse_while_capturing(call)) {
    return CUDNN_STATUS_EXECUTION_FAILED;
  }
  stub::finish_all();
  std::shared_ptr<Handle> taken = stub::handles.take(handle);
  if (!taken) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM, "there is no handle " + stub::text_of(handle));
  }
  if (taken->device != stub::current_device()) {
    call.wrong(CUDNN_STATUS_SUCCESS, "the handle is another device's than the current context");
  }
  return call.told();
}

EXPORTED cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, void *stream) {
  Call call("cudnnSetStream");
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Handle> found = stub::find_handle(handle);
  if (!found || (stream && !stub::find_stream(stream))) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM, found ? "there is no such stream" : "there is no such handle");
  }
  found->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

/* Everything that an execution needs. */
struct Execution {
  int device;
  std::shared_ptr<Descriptor> plan;
  std::vector<std::pair<Tensor, char *>> tensors;
  std::map<int64_t, std::vector<char>> by_value;
  char *workspace;
  int64_t workspace_size;
};

/* Adds a tensor of an operation; what is wrong with it; empty: nothing. */
static std::string add(Execution *execution, const Tensor &tensor, const std::map<int64_t, char *> &pack) {
  if (tensor.is_virtual) {
    return "";
  }
  auto found = pack.find(tensor.id);
  if (found == pack.end() || !found->second) {
    return "the variant pack has nothing for tensor " + std::to_string(tensor.id);
  }
  if (tensor.is_by_value) {
    size_t bytes = stub::bytes_of(tensor.type);
    if (stub::within(execution->device, found->second, bytes)) {
      return "tensor " + std::to_string(tensor.id) + " is by value, but lies on the device";
    }
    execution->by_value[tensor.id].assign(found->second, found->second + bytes);
    return "";
  }
  if (reinterpret_cast<uintptr_t>(found->second) % tensor.alignment) {
    return "tensor " + std::to_string(tensor.id) + " is not aligned as it should be";
  }
  execution->tensors.push_back({tensor, found->second});
  return "";
}

static std::string obstacle(const Execution &execution) {
  if (execution.plan->destroyed) {
    return "its plan is destroyed";
  }
  for (const auto &[tensor, at] : execution.tensors) {
    std::string problem = stub::not_of_device(execution.device, at, tensor.shape.span(tensor.type));
    if (!problem.empty()) {
      return "tensor " + std::to_string(tensor.id) + ": " + problem;
    }
  }
  std::string problem = execution.workspace_size
      ? stub::not_of_device(execution.device, execution.workspace, execution.workspace_size)
      : "";
  return problem.empty() ? "" : "workspace: " + problem;
}

static void run(Execution &execution) {
  const Descriptor &plan = *execution.plan;
  const stub::Operations &operations = *plan.operations;
  stub::Places places;
  for (const auto &[tensor, at] : execution.tensors) {
    places[tensor.id] = at;
  }
  for (auto &[id, bytes] : execution.by_value) {
    places[id] = bytes.data();
  }
  /* NaNs, for whoever believes that something is kept there. */
  memset(execution.workspace, 0xFF, execution.workspace_size);
  stub::compute(operations, places, stub::arithmetic_of(operations, plan.engine, plan.knobs));
}

static std::map<int64_t, char *> read_pack(const Descriptor &pack) {
  std::vector<int64_t> ids = pack.all<int64_t>(PACK_UNIQUE_IDS);
  std::vector<char *> pointers = pack.all<char *>(PACK_POINTERS);
  std::map<int64_t, char *> places;
  for (size_t i = 0; i < ids.size(); i++) {
    places[ids[i]] = pointers[i];
  }
  return places;
}

static bool is_ready(const std::shared_ptr<Descriptor> &descriptor, int kind) {
  return descriptor && descriptor->kind == kind && descriptor->finalised;
}

EXPORTED cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
                                           cudnnBackendDescriptor_t pack) {
  Call call("cudnnBackendExecute");
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Handle> with = stub::find_handle(handle);
  if (!with) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM, "there is no handle " + stub::text_of(handle));
  }
  auto execution = std::make_shared<Execution>();
  execution->device = with->device;
  execution->plan = stub::descriptors.find(plan);
  std::shared_ptr<Descriptor> variant = stub::descriptors.find(pack);
  if (!is_ready(execution->plan, PLAN) || !is_ready(variant, VARIANT_PACK)) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "no finalised plan and variant pack");
  }
  if (execution->plan->one<void *>(PLAN_HANDLE) != handle) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM, "the plan is another handle's");
  }
  std::map<int64_t, char *> places = read_pack(*variant);
  for (const stub::Operation &operation : *execution->plan->operations) {
    for (const Tensor *tensor : {&operation.x, operation.has_second ? &operation.second : nullptr, &operation.y}) {
      std::string problem = tensor ? add(execution.get(), *tensor, places) : "";
      if (!problem.empty()) {
        return wrong(call, CUDNN_STATUS_BAD_PARAM, problem);
      }
    }
  }
  if (stub::is_in("cudnnFailingEngines", execution->plan->engine)) {
    return stub::refuse(CUDNN_STATUS_EXECUTION_FAILED, "its kernel cannot be launched");
  }
  execution->workspace = variant->one<char *>(PACK_WORKSPACE);
  execution->workspace_size = execution->plan->workspace;
  stub::Work work;
  work.what = "a plan of cuDNN";
  work.obstacle = [execution] { return obstacle(*execution); };
  work.run = [execution] { run(*execution); };
  int status = stub::enqueue(call, with->stream, std::move(work));
  return status ? stub::refuse(CUDNN_STATUS_EXECUTION_FAILED, "the stream answers " + std::to_string(status))
                : CUDNN_STATUS_SUCCESS;
}
