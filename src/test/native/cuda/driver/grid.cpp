/* Kernels, block by block. */
#include <cstring>

#include "../core/call.h"
#include "fibers.h"
#include "program.h"

namespace stub {

namespace {

struct Launch {
  const Program &program;
  const StubKernel &kernel;
  Axes block;
  void **arguments;
};

/* Makes a NaN of every float that no thread of the block has written. */
const int UNWRITTEN = 0xFF;

void before_thread(int i, void *context) {
  const Launch &launch = *static_cast<const Launch *>(context);
  unsigned int thread = static_cast<unsigned int>(i);
  *launch.program.thread = {
      thread % launch.block.x, thread / launch.block.x % launch.block.y, thread / launch.block.x / launch.block.y};
}

void run_thread(int, void *context) {
  const Launch &launch = *static_cast<const Launch *>(context);
  launch.kernel.call(launch.arguments);
}

}  // namespace

void run_kernel(const Program &program, const StubKernel &kernel, Axes grid, Axes block, const Arguments &arguments) {
  std::vector<void *> pointers;
  for (const std::vector<char> &argument : arguments) {
    pointers.push_back(const_cast<char *>(argument.data()));
  }
  Launch launch = {program, kernel, block, pointers.data()};
  *program.grid_extent = grid;
  *program.block_extent = block;
  int threads = static_cast<int>(block.x * block.y * block.z);
  bool all_came = true;
  for (unsigned int z = 0; z < grid.z; z++) {
    for (unsigned int y = 0; y < grid.y; y++) {
      for (unsigned int x = 0; x < grid.x; x++) {
        *program.block = {x, y, z};
        memset(program.shared, UNWRITTEN, program.shared_size);
        all_came = run_fibers(threads, run_thread, before_thread, &launch) && all_came;
      }
    }
  }
  if (!all_came) {
    violation(std::string("kernel ") + kernel.name + ": not all threads of a block came to a barrier");
  }
}

}  // namespace stub
