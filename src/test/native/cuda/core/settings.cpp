#include <map>

#include "call.h"

namespace stub {

static const std::map<std::string, long> defaults = {
    {"devices", 1},
    {"driverVersion", 13000},
    {"computeMajor", 9},
    {"computeMinor", 0},
    /* So few that a preferred batch is soon computed. */
    {"multiprocessors", 2},
    {"sharedMemory", 48 << 10},
    /* Bytes of every device. */
    {"memory", 4L << 30},
    /* 1: work waits in its stream until somebody waits for it; every question after an event does one piece of it. */
    {"deferred", 0},
    /* None that there will be: what it compiles must not be taken for the real one's. */
    {"nvrtcVersion", 13990},
    {"cudnnVersion", 92400},
    /* Sets of engines, a bit each: 1 gives results that differ, 2 is for tensor cores, 4 has nothing special. Which of
     * them the heuristics name, and which when they fall back; which take more than one operation, except attention;
     * which take attention; and which are named but then refuse graphs with more images than cudnnMostImages. */
    {"cudnnEngines", 7},
    {"cudnnFallbackEngines", 4},
    {"cudnnFusingEngines", 7},
    {"cudnnAttentionEngines", 3},
    {"cudnnRefusingEngines", 0},
    {"cudnnMostImages", 0},
    /* Engines that finalise, and then: cannot be launched, give wrong numbers. Engines that cannot be finalised because
     * their kernels cannot be loaded, and those whose plans are finalised only when they are here no more. */
    {"cudnnFailingEngines", 0},
    {"cudnnWrongEngines", 0},
    {"cudnnUnloadableEngines", 0},
    {"cudnnHangingEngines", 0},
    /* Milliseconds that compiling a plan takes, one plan at a time. */
    {"cudnnCompileMillis", 0},
    /* Engines that say they transform their operands as Winograd does. */
    {"cudnnTransformingEngines", 0},
    /* 0: plans cannot be written down. */
    {"cudnnWritesPlans", 1},
    /* Bytes, for one engine as many, for the next twice, and so on. */
    {"cudnnWorkspace", 1 << 10},
    {"cublasltVersion", 130100},
    /* A set of algorithms, a bit each: 1 splits sums and gives results that differ, 2 wants a workspace, 4 does not. */
    {"cublasltAlgorithms", 7},
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
