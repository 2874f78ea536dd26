#include <algorithm>
#include <cstring>
#include <map>
#include <vector>

#include "call.h"
#include "control.h"
#include "handles.h"

namespace stub {

std::recursive_mutex machine;

namespace {

struct Plan {
  long seen = 0;
  long failing = 0; /* which call fails; 0: none */
  int status = 0;
  bool lasting = false;
};

std::map<std::string, Plan> plans;
std::string lost_by; /* the call with which the device was lost; empty: it is there */
std::vector<std::string> violations;
std::map<Kind, long> alive;
long handles_made;

/* What the libraries say of a device that is gone, where a test has not said otherwise. */
const int CUDA_LAUNCH_FAILED = 719;
const int CUDNN_EXECUTION_FAILED = 5000;
const int CUBLAS_EXECUTION_FAILED = 13;

bool begins(const std::string &name, const char *with) {
  return name.compare(0, strlen(with), with) == 0;
}

enum Library { NVRTC, CUDNN, CUBLASLT, CUDA };

Library library_of(const std::string &name) {
  return begins(name, "nvrtc") ? NVRTC : begins(name, "cudnn") ? CUDNN : begins(name, "cublas") ? CUBLASLT : CUDA;
}

/* Functions that need no device. */
bool needs_device(const std::string &name) {
  static const char *const without[] = {"cuGetError", "cuInit", "cuDriver", "cuDeviceGet", "cuCtx", "cudnnGet",
                                        "cublasLtGet"};
  return library_of(name) != NVRTC
      && std::none_of(std::begin(without), std::end(without), [&](const char *start) { return begins(name, start); });
}

int status_of_lost(const std::string &name) {
  if (lost_by.empty() || !needs_device(name)) {
    return 0;
  }
  Library library = library_of(name);
  if (library == library_of(lost_by)) {
    return plans[lost_by].status;
  }
  return library == CUDNN      ? CUDNN_EXECUTION_FAILED
         : library == CUBLASLT ? CUBLAS_EXECUTION_FAILED
                               : CUDA_LAUNCH_FAILED;
}

}  // namespace

Call::Call(const char *name) : alone_(machine), name_(name), told_(0) {
  Plan &plan = plans[name];
  plan.seen++;
  if (plan.seen == plan.failing) {
    told_ = plan.status;
    if (plan.lasting) {
      lost_by = name;
    }
  } else {
    told_ = status_of_lost(name);
  }
}

int Call::wrong(int status, const std::string &what) const {
  violation(std::string(name_) + ": " + what);
  return status;
}

void violation(const std::string &what) {
  violations.push_back(what);
}

void count(Kind kind, long change) {
  alive[kind] += change;
}

void *fresh_handle() {
  /* Far from what addresses are, with room between them. */
  return reinterpret_cast<void *>(0x5700000000000000L + 64 * ++handles_made);
}

std::string text_of(const void *handle) {
  char text[32];
  snprintf(text, sizeof text, "%p", handle);
  return text;
}

}  // namespace stub

using namespace stub;

EXPORTED void stub_reset(void) {
  std::lock_guard<std::recursive_mutex> alone(machine);
  plans.clear();
  lost_by.clear();
  violations.clear();
  forget_settings();
}

EXPORTED void stub_fail(const char *name, long nth, int status, int lasting) {
  std::lock_guard<std::recursive_mutex> alone(machine);
  Plan &plan = plans[name];
  plan.failing = plan.seen + nth;
  plan.status = status;
  plan.lasting = lasting != 0;
}

EXPORTED long stub_seen(const char *name) {
  std::lock_guard<std::recursive_mutex> alone(machine);
  auto found = plans.find(name);
  return found == plans.end() ? 0 : found->second.seen;
}

EXPORTED int stub_set(const char *name, long value) {
  std::lock_guard<std::recursive_mutex> alone(machine);
  return change_setting(name, value);
}

#define STUB_TEXT(name, text) text,
static const char *const kinds[] = {STUB_KINDS(STUB_TEXT)};

EXPORTED const char *stub_kind(int kind) {
  return kind < static_cast<int>(Kind::COUNT) ? kinds[kind] : nullptr;
}

EXPORTED long stub_alive(int kind) {
  std::lock_guard<std::recursive_mutex> alone(machine);
  return alive[static_cast<Kind>(kind)];
}

EXPORTED long stub_violations(char *text, long size) {
  std::lock_guard<std::recursive_mutex> alone(machine);
  std::string all;
  for (const std::string &one : violations) {
    all += one + "\n";
  }
  snprintf(text, size, "%s", all.c_str());
  return static_cast<long>(all.size());
}
