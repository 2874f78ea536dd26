/* Plans as text: all numbers of their operations, engine and knobs, one after another. */
#include <sstream>

#include "descriptor.h"

namespace stub {

namespace {

void write(std::ostream &out, const std::vector<int64_t> &values) {
  out << values.size() << ' ';
  for (int64_t value : values) {
    out << value << ' ';
  }
}

std::vector<int64_t> read_values(std::istream &in) {
  size_t count = 0;
  in >> count;
  std::vector<int64_t> values(in ? count : 0);
  for (int64_t &value : values) {
    in >> value;
  }
  return values;
}

void write(std::ostream &out, const Tensor &tensor) {
  out << tensor.id << ' ' << static_cast<int>(tensor.type) << ' ' << tensor.alignment << ' ' << tensor.is_virtual << ' '
      << tensor.is_by_value << ' ';
  write(out, tensor.shape.extents);
  write(out, tensor.shape.strides);
}

Tensor read_tensor(std::istream &in) {
  Tensor tensor = {};
  int type = 0;
  in >> tensor.id >> type >> tensor.alignment >> tensor.is_virtual >> tensor.is_by_value;
  tensor.type = static_cast<Stored>(type);
  tensor.shape.extents = read_values(in);
  tensor.shape.strides = read_values(in);
  return tensor;
}

void write(std::ostream &out, const Operation &operation) {
  out << operation.kind << ' ' << operation.has_second << ' ' << operation.mode << ' ' << operation.alpha << ' '
      << operation.beta << ' ';
  write(out, operation.x);
  write(out, operation.second);
  write(out, operation.y);
  const Convolution &how = operation.convolution;
  for (const std::vector<int64_t> *values : {&how.strides, &how.dilations, &how.before, &how.after}) {
    write(out, *values);
  }
}

Operation read_operation(std::istream &in) {
  Operation operation = {};
  in >> operation.kind >> operation.has_second >> operation.mode >> operation.alpha >> operation.beta;
  operation.x = read_tensor(in);
  operation.second = read_tensor(in);
  operation.y = read_tensor(in);
  Convolution &how = operation.convolution;
  for (std::vector<int64_t> *values : {&how.strides, &how.dilations, &how.before, &how.after}) {
    *values = read_values(in);
  }
  return operation;
}

}  // namespace

std::string written(const Descriptor &plan) {
  std::ostringstream out;
  out << "plan " << setting("cudnnVersion") << ' ' << plan.engine << ' ' << plan.workspace << ' ' << plan.knobs.size()
      << ' ';
  for (const auto &[knob, value] : plan.knobs) {
    out << knob << ' ' << value << ' ';
  }
  out << plan.operations->size() << ' ';
  for (const Operation &operation : *plan.operations) {
    write(out, operation);
  }
  out << "end";
  return out.str();
}

cudnnStatus_t read_plan(Descriptor &plan) {
  std::vector<char> characters = plan.all<char>(PLAN_JSON);
  std::istringstream in(std::string(characters.begin(), characters.end()));
  std::string word;
  long version = 0;
  size_t knobs = 0;
  size_t operations = 0;
  in >> word >> version >> plan.engine >> plan.workspace >> knobs;
  if (word != "plan" || version != setting("cudnnVersion")) {
    return refuse(CUDNN_STATUS_SERIALIZATION_VERSION_MISMATCH, "the plan is another version's");
  }
  plan.knobs.clear();
  for (size_t i = 0; in && i < knobs; i++) {
    int knob = 0;
    in >> knob;
    in >> plan.knobs[knob];
  }
  in >> operations;
  Operations all;
  for (size_t i = 0; in && i < operations; i++) {
    all.push_back(read_operation(in));
  }
  in >> word;
  if (!in || word.compare(0, 3, "end")) {
    return refuse(CUDNN_STATUS_BAD_PARAM, "the text is no plan");
  }
  plan.operations = std::make_shared<const Operations>(all);
  return CUDNN_STATUS_SUCCESS;
}

}  // namespace stub
