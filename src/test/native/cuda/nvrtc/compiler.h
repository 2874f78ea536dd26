/* Makes shared libraries of CUDA C++. */
#pragma once

#include <string>
#include <vector>

namespace stub {

struct Compiled {
  bool done;
  std::string log;
  std::string library; /* its bytes */
};

/* Options are g++'s. What was compiled before is not compiled again. */
Compiled compile(const std::string &name, const std::string &source, const std::vector<std::string> &options);

}  // namespace stub
