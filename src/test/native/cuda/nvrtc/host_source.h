/* Makes C++ for a processor of preprocessed CUDA C++. */
#pragma once

#include <string>

namespace stub {

/* The source with calls in place of PTX, and with a table of its kernels. */
std::string host_source(const std::string &preprocessed);

}  // namespace stub
