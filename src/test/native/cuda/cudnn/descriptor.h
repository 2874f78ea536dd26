/* Descriptors: attributes, and what they come to once they are finalised. */
#pragma once

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "../core/call.h"
#include "../core/handles.h"
#include "abi.h"
#include "engines.h"
#include "graph.h"

namespace stub {

struct Descriptor;

struct Attribute {
  int type;
  int64_t count;
  std::vector<char> bytes;
  std::vector<std::shared_ptr<Descriptor>> descriptors; /* of an attribute of this type; else none */
};

struct Descriptor {
  int kind;
  bool finalised = false;
  bool destroyed = false;
  std::map<int, Attribute> attributes;

  /* Of a tensor. */
  std::shared_ptr<const Tensor> tensor;
  /* Of an operation one, of a graph and what is made of it all. */
  std::shared_ptr<const Operations> operations;
  /* Of an engine, its configuration and its plan. */
  int engine = -1;
  int64_t workspace = 0;
  /* Of a configuration and its plan. */
  Knobs knobs;
  /* Of heuristics: engines, the best first. */
  std::vector<int> engines;

  bool has(int attribute) const { return attributes.count(attribute) > 0; }

  template <class T>
  std::vector<T> all(int attribute) const {
    auto found = attributes.find(attribute);
    std::vector<T> values(found == attributes.end() ? 0 : found->second.count);
    if (!values.empty()) {
      memcpy(values.data(), found->second.bytes.data(), values.size() * sizeof(T));
    }
    return values;
  }

  template <class T>
  T one(int attribute, T otherwise = T()) const {
    std::vector<T> values = all<T>(attribute);
    return values.empty() ? otherwise : values[0];
  }

  std::shared_ptr<Descriptor> other(int attribute) const { return attributes.at(attribute).descriptors.at(0); }
};

extern Handles<Descriptor> descriptors;

/* What kinds of descriptors have which attributes. */
struct Rule {
  int kind;
  int attribute;
  int type;
  int64_t least; /* of elements */
  int64_t most;
  bool required;   /* before it is finalised */
  int descriptors; /* of which kind those are that it names; -1: of any, or none */
};

const Rule *find_rule(int kind, int attribute);

/* Calls `refuse` with what a descriptor of the kind lacks; whether it lacks anything. */
std::string missing_attribute(const Descriptor &descriptor);

size_t size_of_type(int type);

/* Answers with a status, and remembers the text for cudnnGetLastErrorString. A refusal is no violation. */
cudnnStatus_t refuse(cudnnStatus_t status, const std::string &text);

/* A refusal that is a violation. */
cudnnStatus_t wrong(const Call &call, cudnnStatus_t status, const std::string &text);

/* Checks what the attributes say, and makes of it what is needed later. */
cudnnStatus_t finalise(const Call &call, Descriptor &descriptor);

/* Of that, what concerns engines. A refusal is none of the program's fault as a rule. */
cudnnStatus_t choose(const Call &call, Descriptor &descriptor);

/* A plan as text, and what such a text describes; a plan of another version is refused. */
std::string written(const Descriptor &plan);
cudnnStatus_t read_plan(Descriptor &plan);

/* A handle that is alive; null: it is not. */
struct Handle {
  int device;
  void *stream = nullptr;
};
std::shared_ptr<Handle> find_handle(const void *handle);

}  // namespace stub
