#include "context.h"

#include <map>

#include "handles.h"

namespace stub {

struct Context {
  void *handle;
  long retained;
};

static std::map<int, Context> contexts;
static thread_local void *current;

int current_device() {
  for (const auto &[device, context] : contexts) {
    if (context.handle == current) {
      return device;
    }
  }
  return -1;
}

void *retain_context(int device) {
  auto found = contexts.find(device);
  if (found == contexts.end()) {
    found = contexts.insert({device, {fresh_handle(), 0}}).first;
  }
  found->second.retained++;
  count(Kind::CONTEXT, 1);
  return found->second.handle;
}

long release_context(int device) {
  auto found = contexts.find(device);
  if (found == contexts.end()) {
    return -1;
  }
  count(Kind::CONTEXT, -1);
  long left = --found->second.retained;
  if (left == 0) {
    contexts.erase(found);
  }
  return left;
}

bool make_current(void *context) {
  bool known = !context;
  for (const auto &entry : contexts) {
    known = known || entry.second.handle == context;
  }
  if (known) {
    current = context;
  }
  return known;
}

}  // namespace stub
