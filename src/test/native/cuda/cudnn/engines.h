/* Engines: which graphs they take, what they say about themselves, and how they compute. */
#pragma once

#include "graph.h"

namespace stub {

enum { UNSTEADY, TENSOR_CORES, PLAIN, ENGINES };

/* Values of an engine's knobs, by the types of these. A knob that is not there has the value 0. */
typedef std::map<int, int64_t> Knobs;

/* Engines that the heuristics name for the graph, the best first. */
std::vector<int> engines_of(const Operations &operations, int mode);

/* Whether there is such an engine, for such graphs. */
bool computes(const Operations &operations, int64_t engine);

/* Whether a plan can be made for the graph. */
bool takes(const Operations &operations, int engine);

/* What an engine says about itself. */
std::vector<int> numerical_notes(const Operations &operations, int engine);
std::vector<int> behavior_notes(const Operations &operations, int engine);

int64_t workspace_of(int engine);

/* Whether the engine is in a set that a test has chosen. */
bool is_in(const char *set, int engine);

/* How the engine computes this time. */
Arithmetic arithmetic_of(const Operations &operations, int engine, const Knobs &knobs);

/* What the heuristics choose for an engine and the images of the graph. */
Knobs chosen_knobs(const Operations &operations, int engine);

/* What is wrong with a value of an engine's knob; empty: nothing. */
std::string knob_problem(int engine, int knob, int64_t value);

/* How much the values of an engine's knobs change its products: see Arithmetic. */
int units_of(int engine, const Knobs &knobs);

}  // namespace stub
