/* What engines, heuristics, configurations and plans come to when they are finalised. */
#include <chrono>
#include <thread>

#include "../core/context.h"
#include "../core/stream.h"
#include "descriptor.h"

namespace stub {

namespace {

cudnnStatus_t not_supported(const std::string &text) {
  return refuse(CUDNN_STATUS_NOT_SUPPORTED, text);
}

cudnnStatus_t ask_heuristics(Descriptor &descriptor) {
  descriptor.operations = descriptor.other(ENGINEHEUR_GRAPH)->operations;
  descriptor.engines = engines_of(*descriptor.operations, descriptor.one<int>(ENGINEHEUR_MODE));
  return descriptor.engines.empty() ? not_supported("no engine takes the graph") : CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t name_engine(Descriptor &descriptor) {
  int64_t engine = descriptor.one<int64_t>(ENGINE_GLOBAL_INDEX);
  descriptor.operations = descriptor.other(ENGINE_GRAPH)->operations;
  if (!computes(*descriptor.operations, engine)) {
    return not_supported("no engine " + std::to_string(engine) + " takes such graphs");
  }
  descriptor.engine = static_cast<int>(engine);
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t configure(const Call &call, Descriptor &descriptor) {
  const Descriptor &engine = *descriptor.other(ENGINECFG_ENGINE);
  descriptor.operations = engine.operations;
  descriptor.engine = engine.engine;
  descriptor.knobs.clear();
  if (!descriptor.has(ENGINECFG_KNOB_CHOICES)) {
    return CUDNN_STATUS_SUCCESS;
  }
  for (const std::shared_ptr<Descriptor> &choice : descriptor.attributes.at(ENGINECFG_KNOB_CHOICES).descriptors) {
    int knob = choice->one<int>(KNOB_CHOICE_TYPE);
    int64_t value = choice->one<int64_t>(KNOB_CHOICE_VALUE);
    std::string problem = knob_problem(engine.engine, knob, value);
    if (!problem.empty()) {
      return not_supported(problem);
    }
    if (!descriptor.knobs.insert({knob, value}).second) {
      return wrong(call, CUDNN_STATUS_BAD_PARAM, "two values are chosen for knob " + std::to_string(knob));
    }
  }
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t make_plan(const Call &call, Descriptor &descriptor) {
  if (refuse_while_capturing(call)) {
    return CUDNN_STATUS_EXECUTION_FAILED;
  }
  if (find_handle(descriptor.one<void *>(PLAN_HANDLE))->device != current_device()) {
    return wrong(call, CUDNN_STATUS_EXECUTION_FAILED, "the handle is another device's than the current context");
  }
  if (descriptor.has(PLAN_JSON)) {
    return read_plan(descriptor);
  }
  Call compiling("a plan is compiled");
  std::this_thread::sleep_for(std::chrono::milliseconds(setting("cudnnCompileMillis")));
  const Descriptor &configuration = *descriptor.other(PLAN_ENGINECFG);
  descriptor.operations = configuration.operations;
  descriptor.engine = configuration.engine;
  descriptor.knobs = configuration.knobs;
  descriptor.workspace = workspace_of(descriptor.engine);
  if (is_in("cudnnUnloadableEngines", descriptor.engine)) {
    return refuse(CUDNN_STATUS_EXECUTION_FAILED, "the kernels of engine " + std::to_string(descriptor.engine));
  }
  return takes(*descriptor.operations, descriptor.engine)
      ? CUDNN_STATUS_SUCCESS
      : not_supported("engine " + std::to_string(descriptor.engine) + " refuses the graph");
}

}  // namespace

cudnnStatus_t choose(const Call &call, Descriptor &descriptor) {
  switch (descriptor.kind) {
    case ENGINEHEUR:
      return ask_heuristics(descriptor);
    case ENGINE:
      return name_engine(descriptor);
    case ENGINECFG:
      return configure(call, descriptor);
    case PLAN:
      return make_plan(call, descriptor);
    default:
      return CUDNN_STATUS_SUCCESS;
  }
}

}  // namespace stub
