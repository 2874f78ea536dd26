/* Knobs: every value of them gives products of its own, so that a value which gets lost on the way is seen. */
#include "abi.h"
#include "engines.h"

namespace stub {

/* Values are 0, which the heuristics never choose, to the largest. */
struct Knob {
  int engine;
  int type;
  int64_t largest;
  int64_t chosen[3]; /* for few images, some, and many */
  int units;         /* by which one more changes products */
};

static const int64_t FEW_IMAGES = 4;
static const int64_t SOME_IMAGES = 32;

static const Knob knobs[] = {
    {TENSOR_CORES, KNOB_TILE_SIZE, 3, {1, 2, 3}, 3},
    {TENSOR_CORES, KNOB_SPLIT_K_SLC, 2, {2, 1, 1}, -1},
    {PLAIN, KNOB_TILE_SIZE, 3, {1, 2, 3}, 1},
};

Knobs chosen_knobs(const Operations &operations, int engine) {
  int64_t images = images_of(operations);
  int size = images <= FEW_IMAGES ? 0 : images <= SOME_IMAGES ? 1 : 2;
  Knobs chosen;
  for (const Knob &knob : knobs) {
    if (knob.engine == engine) {
      chosen[knob.type] = knob.chosen[size];
    }
  }
  return chosen;
}

std::string knob_problem(int engine, int type, int64_t value) {
  for (const Knob &knob : knobs) {
    if (knob.engine == engine && knob.type == type) {
      return value >= 0 && value <= knob.largest ? "" : "a knob has no value " + std::to_string(value);
    }
  }
  return "engine " + std::to_string(engine) + " has no knob " + std::to_string(type);
}

int units_of(int engine, const Knobs &values) {
  int64_t units = 0;
  for (const Knob &knob : knobs) {
    auto found = values.find(knob.type);
    if (knob.engine == engine && found != values.end()) {
      units += knob.units * found->second;
    }
  }
  return static_cast<int>(units);
}

}  // namespace stub
