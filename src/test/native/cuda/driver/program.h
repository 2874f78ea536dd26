/* Programs that the stub of NVRTC has made, and their kernels. */
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "../nvrtc/kernel_table.h"

namespace stub {

/* As the shim in the program has it. */
struct Axes {
  unsigned int x, y, z;
};

/* A program in memory. It stays there as long as somebody has it. */
struct Program {
  int file = -1;
  void *library = nullptr;
  const StubKernel *kernels = nullptr;
  Axes *thread = nullptr;
  Axes *block = nullptr;
  Axes *block_extent = nullptr;
  Axes *grid_extent = nullptr;
  char *shared = nullptr;
  size_t shared_size = 0;

  ~Program();
};

/* Null, with a reason, if the image is none. */
std::shared_ptr<Program> load_program(const void *image, std::string *reason);

/* What devices an image is for: ten times the major number, and the minor. 0: it is no image. */
int architecture_of(const void *image);

/* Null if it has none of this name. */
const StubKernel *find_kernel(const Program &program, const std::string &name);

/* Arguments as they were when the kernel was enqueued. */
typedef std::vector<std::vector<char>> Arguments;

/* Runs all blocks, one after another. */
void run_kernel(const Program &program, const StubKernel &kernel, Axes grid, Axes block, const Arguments &arguments);

}  // namespace stub
