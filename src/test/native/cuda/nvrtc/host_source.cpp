#include "host_source.h"

#include <algorithm>
#include <cctype>
#include <vector>

namespace stub {

namespace {

/* Where the parenthesis that opens at the place is closed. */
size_t closing(const std::string &text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); i++) {
    depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
    if (depth == 0) {
      return i;
    }
  }
  return text.size() - 1;
}

/* The PTX of an asm statement and what stands for its operands: "cvt.f32.f16 %0, %1;", (value), (bits). */
struct Ptx {
  std::string text;
  std::vector<std::string> operands;
};

Ptx read_ptx(const std::string &statement) {
  Ptx ptx;
  size_t quote = statement.find('"');
  ptx.text = statement.substr(quote + 1, statement.find('"', quote + 1) - quote - 1);
  for (size_t open = statement.find('(', quote); open != std::string::npos;) {
    size_t close = closing(statement, open);
    ptx.operands.push_back(statement.substr(open, close + 1 - open));
    open = statement.find('(', close);
  }
  return ptx;
}

/* asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits)) becomes (value) = stub_cvt_f32_f16(bits); what is not a
 * conversion stays, and g++ complains of it. */
std::string without_ptx(const std::string &source) {
  static const std::string form = " %0, %1;";
  std::string result;
  size_t from = 0;
  for (size_t at = source.find("asm("); at != std::string::npos; at = source.find("asm(", at + 1)) {
    size_t open = at + 3;
    size_t close = closing(source, open);
    Ptx ptx = read_ptx(source.substr(open + 1, close - open - 1));
    size_t name = ptx.text.find(form);
    if (ptx.text.compare(0, 4, "cvt.") != 0 || name == std::string::npos || ptx.operands.size() != 2) {
      continue;
    }
    std::string function = "stub_" + ptx.text.substr(0, name);
    std::replace(function.begin(), function.end(), '.', '_');
    result += source.substr(from, at - from) + ptx.operands[0] + " = " + function + ptx.operands[1];
    from = close + 1;
  }
  return result + source.substr(from);
}

/* The name that follows `void` at the place. */
std::string name_after(const std::string &source, size_t type) {
  size_t begin = type + 4;
  while (isspace(static_cast<unsigned char>(source[begin]))) {
    begin++;
  }
  size_t end = begin;
  while (isalnum(static_cast<unsigned char>(source[end])) || source[end] == '_') {
    end++;
  }
  return source.substr(begin, end - begin);
}

/* One entry for every `__global__ [__launch_bounds__(…)] void name(`. */
std::string table_of(const std::string &source) {
  static const std::string bounds = "__launch_bounds__";
  std::string table;
  for (size_t at = source.find("__global__"); at != std::string::npos; at = source.find("__global__", at + 1)) {
    size_t type = source.find("void", at);
    if (type == std::string::npos) {
      break;
    }
    std::string head = source.substr(at, type - at);
    size_t bound = head.find(bounds);
    size_t open = bound == std::string::npos ? bound : head.find('(', bound);
    std::string most = open == std::string::npos ? "0" : head.substr(open, closing(head, open) + 1 - open);
    table += "  STUB_ENTRY(" + name_after(source, type) + ", " + most + "),\n";
  }
  return table;
}

}  // namespace

std::string host_source(const std::string &preprocessed) {
  return without_ptx(preprocessed) + "\nextern \"C\" const StubKernel stub_kernels[] = {\n" + table_of(preprocessed)
      + "  {nullptr, nullptr, nullptr, 0, 0},\n};\n";
}

}  // namespace stub
