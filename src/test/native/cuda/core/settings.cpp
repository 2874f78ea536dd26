#include <map>

#include "call.h"

namespace stub {

static const std::map<std::string, long> defaults = {
    {"devices", 1},
    {"driverVersion", 13000},
    {"computeMajor", 9},
    {"computeMinor", 0},
    {"multiprocessors", 132},
    {"sharedMemory", 48 << 10},
    /* Bytes of every device. */
    {"memory", 4L << 30},
    /* 1: work waits in its stream until somebody waits for it; every question after an event does one piece of it. */
    {"deferred", 0},
    {"nvrtcVersion", 13000},
};

static std::map<std::string, long> changed;

long setting(const char *name) {
  auto found = changed.find(name);
  return found == changed.end() ? defaults.at(name) : found->second;
}

bool change_setting(const std::string &name, long value) {
  bool known = defaults.count(name) > 0;
  if (known) {
    changed[name] = value;
  }
  return known;
}

void forget_settings() {
  changed.clear();
}

}  // namespace stub
