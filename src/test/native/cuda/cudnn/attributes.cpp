/* Descriptors' lives, and what is said to them and asked of them. */
#include <algorithm>
#include <chrono>
#include <thread>

#include "descriptor.h"

namespace stub {

Handles<Descriptor> descriptors(Kind::CUDNN_DESCRIPTOR);

static thread_local std::string last_refusal;

cudnnStatus_t refuse(cudnnStatus_t status, const std::string &text) {
  last_refusal = text;
  return status;
}

cudnnStatus_t wrong(const Call &call, cudnnStatus_t status, const std::string &text) {
  return refuse(call.wrong(status, text), text);
}

}  // namespace stub

using stub::Attribute;
using stub::Call;
using stub::Descriptor;
using stub::Rule;
using stub::wrong;

EXPORTED void cudnnGetLastErrorString(char *message, size_t size) {
  Call call("cudnnGetLastErrorString");
  snprintf(message, size, "%s", stub::last_refusal.c_str());
  stub::last_refusal.clear();
}

EXPORTED cudnnStatus_t cudnnBackendCreateDescriptor(int kind, cudnnBackendDescriptor_t *made) {
  Call call("cudnnBackendCreateDescriptor");
  if (call.told()) {
    return call.told();
  }
  static const int kinds[] = {POINTWISE, CONVOLUTION, ENGINE, ENGINECFG, ENGINEHEUR, PLAN, KNOB_CHOICE,
                              OPERATION_CONVOLUTION, OPERATION_POINTWISE, GRAPH, VARIANT_PACK, TENSOR, MATMUL,
                              OPERATION_MATMUL, REDUCTION, OPERATION_REDUCTION};
  if (std::find(std::begin(kinds), std::end(kinds), kind) == std::end(kinds)) {
    return wrong(call, CUDNN_STATUS_NOT_SUPPORTED, "stubs know no descriptors of kind " + std::to_string(kind));
  }
  auto descriptor = std::make_shared<Descriptor>();
  descriptor->kind = kind;
  *made = stub::descriptors.add(descriptor);
  return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t find(const Call &call, cudnnBackendDescriptor_t handle, std::shared_ptr<Descriptor> *descriptor) {
  *descriptor = stub::descriptors.find(handle);
  return *descriptor ? CUDNN_STATUS_SUCCESS
                     : wrong(call, CUDNN_STATUS_BAD_PARAM, "there is no descriptor " + stub::text_of(handle));
}

EXPORTED cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t handle) {
  Call call("cudnnBackendDestroyDescriptor");
  std::shared_ptr<Descriptor> descriptor = stub::descriptors.take(handle);
  if (!descriptor) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM, "there is no descriptor " + stub::text_of(handle));
  }
  descriptor->destroyed = true;
  return call.told();
}

/* The rule of an attribute, once the type and the descriptor's state have been found to be right. */
static cudnnStatus_t check(const Call &call, const Descriptor &descriptor, int attribute, int type, bool finalised,
                           const Rule **rule) {
  *rule = stub::find_rule(descriptor.kind, attribute);
  if (!*rule) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM,
                 "descriptors of kind " + std::to_string(descriptor.kind) + " have no attribute "
                     + std::to_string(attribute));
  }
  if ((*rule)->type != type) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM_ATTRIBUTE_TYPE,
                 "attribute " + std::to_string(attribute) + " is not of type " + std::to_string(type));
  }
  if (descriptor.finalised != finalised) {
    return finalised ? wrong(call, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "the descriptor is not finalised")
                     : wrong(call, CUDNN_STATUS_NOT_INITIALIZED, "the descriptor is finalised already");
  }
  return CUDNN_STATUS_SUCCESS;
}

/* Descriptors and handles among the elements have to be alive, and descriptors finalised. */
static cudnnStatus_t check_elements(const Call &call, const Rule &rule, Attribute *attribute) {
  for (int64_t i = 0; i < attribute->count; i++) {
    const void *handle = nullptr;
    if (rule.type == TYPE_DESCRIPTOR || rule.type == TYPE_HANDLE) {
      memcpy(&handle, attribute->bytes.data() + i * sizeof handle, sizeof handle);
    }
    if (rule.type == TYPE_HANDLE && !stub::find_handle(handle)) {
      return wrong(call, CUDNN_STATUS_BAD_PARAM, "there is no handle " + stub::text_of(handle));
    }
    if (rule.type == TYPE_DESCRIPTOR) {
      std::shared_ptr<Descriptor> other = stub::descriptors.find(handle);
      if (!other || (rule.descriptors >= 0 && other->kind != rule.descriptors)) {
        return wrong(call, CUDNN_STATUS_BAD_PARAM, "no descriptor of that kind is " + stub::text_of(handle));
      }
      if (!other->finalised) {
        return wrong(call, CUDNN_STATUS_BAD_PARAM_NOT_FINALIZED, "a descriptor is used before it is finalised");
      }
      attribute->descriptors.push_back(other);
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

EXPORTED cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t handle, int name, int type, int64_t count,
                                                const void *elements) {
  Call call("cudnnBackendSetAttribute");
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Descriptor> descriptor;
  if (cudnnStatus_t status = find(call, handle, &descriptor)) {
    return status;
  }
  const Rule *rule;
  if (cudnnStatus_t status = check(call, *descriptor, name, type, false, &rule)) {
    return status;
  }
  if (count < rule->least || count > rule->most || !rule->most || (count && !elements)) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM,
                 "attribute " + std::to_string(name) + " cannot have " + std::to_string(count) + " elements");
  }
  const char *bytes = static_cast<const char *>(elements);
  Attribute attribute = {type, count, {bytes, bytes + count * stub::size_of_type(type)}, {}};
  if (cudnnStatus_t status = check_elements(call, *rule, &attribute)) {
    return status;
  }
  descriptor->attributes[name] = attribute;
  return CUDNN_STATUS_SUCCESS;
}

/* Whether a call would not come back yet. */
static bool hangs(cudnnBackendDescriptor_t handle) {
  std::lock_guard<std::recursive_mutex> alone(stub::machine);
  std::shared_ptr<Descriptor> plan = stub::descriptors.find(handle);
  return plan && plan->kind == PLAN && plan->has(PLAN_ENGINECFG)
      && stub::is_in("cudnnHangingEngines", plan->other(PLAN_ENGINECFG)->engine);
}

EXPORTED cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t handle) {
  while (hangs(handle)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  Call call("cudnnBackendFinalize");
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Descriptor> descriptor;
  if (cudnnStatus_t status = find(call, handle, &descriptor)) {
    return status;
  }
  if (descriptor->finalised) {
    return wrong(call, CUDNN_STATUS_BAD_PARAM, "the descriptor is finalised already");
  }
  return stub::finalise(call, *descriptor);
}

/* What there is to be said of an attribute that is not what somebody has set. */
template <class T>
static Attribute answer(const std::vector<T> &values) {
  const char *bytes = reinterpret_cast<const char *>(values.data());
  return {0, static_cast<int64_t>(values.size()), {bytes, bytes + values.size() * sizeof(T)}, {}};
}

/* What descriptors come to that somebody hands in to be filled: engines, their configurations, choices of knobs. */
static std::vector<Descriptor> fillings(const Descriptor &of, int name) {
  std::vector<Descriptor> all;
  Descriptor one = {};
  one.finalised = true;
  one.operations = of.operations;
  if (name == ENGINECFG_KNOB_CHOICES) {
    one.kind = KNOB_CHOICE;
    for (const auto &[knob, value] : of.knobs) {
      one.attributes[KNOB_CHOICE_TYPE] = answer(std::vector<int>{knob});
      one.attributes[KNOB_CHOICE_VALUE] = answer(std::vector<int64_t>{value});
      all.push_back(one);
    }
    return all;
  }
  bool results = name == ENGINEHEUR_RESULTS;
  one.kind = results ? ENGINECFG : ENGINE;
  for (int engine : results ? of.engines : std::vector<int>{of.engine}) {
    one.engine = engine;
    one.knobs = results ? stub::chosen_knobs(*of.operations, engine) : stub::Knobs();
    all.push_back(one);
  }
  return all;
}

static cudnnStatus_t fill(const Call &call, const std::vector<Descriptor> &with, int64_t room, void *elements) {
  for (size_t i = 0; i < with.size() && static_cast<int64_t>(i) < room; i++) {
    std::shared_ptr<Descriptor> into;
    if (cudnnStatus_t status = find(call, static_cast<cudnnBackendDescriptor_t *>(elements)[i], &into)) {
      return status;
    }
    if (into->kind != with[i].kind || into->finalised) {
      return wrong(call, CUDNN_STATUS_BAD_PARAM, "a descriptor to be filled is of another kind, or finalised");
    }
    *into = with[i];
  }
  return CUDNN_STATUS_SUCCESS;
}

static Attribute told_by(const Descriptor &descriptor, int name) {
  switch (name) {
    case ENGINE_GLOBAL_INDEX:
      return answer(std::vector<int64_t>{descriptor.engine});
    case ENGINE_NUMERICAL_NOTE:
      return answer(stub::numerical_notes(*descriptor.operations, descriptor.engine));
    case ENGINE_BEHAVIOR_NOTE:
      return answer(stub::behavior_notes(*descriptor.operations, descriptor.engine));
    case PLAN_JSON: {
      std::string text = stub::written(descriptor);
      return answer(std::vector<char>(text.begin(), text.end()));
    }
    case PLAN_WORKSPACE_SIZE:
      return answer(std::vector<int64_t>{descriptor.workspace});
    default:
      return descriptor.has(name) ? descriptor.attributes.at(name) : Attribute{0, 0, {}, {}};
  }
}

EXPORTED cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t handle, int name, int type, int64_t room,
                                                int64_t *count, void *elements) {
  Call call("cudnnBackendGetAttribute");
  if (call.told()) {
    return call.told();
  }
  std::shared_ptr<Descriptor> descriptor;
  if (cudnnStatus_t status = find(call, handle, &descriptor)) {
    return status;
  }
  const Rule *rule;
  if (cudnnStatus_t status = check(call, *descriptor, name, type, true, &rule)) {
    return status;
  }
  if (name == ENGINEHEUR_RESULTS || name == ENGINECFG_ENGINE || name == ENGINECFG_KNOB_CHOICES) {
    std::vector<Descriptor> with = fillings(*descriptor, name);
    *count = static_cast<int64_t>(with.size());
    return elements ? fill(call, with, room, elements) : CUDNN_STATUS_SUCCESS;
  }
  if (name == PLAN_JSON && !stub::setting("cudnnWritesPlans")) {
    return stub::refuse(CUDNN_STATUS_NOT_SUPPORTED, "the engine's plans cannot be written down");
  }
  Attribute said = told_by(*descriptor, name);
  if (count) {
    *count = said.count;
  }
  if (elements) {
    memcpy(elements, said.bytes.data(), std::min(room, said.count) * stub::size_of_type(type));
  }
  return CUDNN_STATUS_SUCCESS;
}
