#include "program.h"

#include <dlfcn.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "fibers.h"

namespace stub {

Program::~Program() {
  if (library) {
    dlclose(library);
  }
  if (file >= 0) {
    close(file);
  }
}

/* What is said after the magic word, and where it ends. */
static bool read_head(const void *image, int *architecture, size_t *size, const char **content) {
  const char *text = static_cast<const char *>(image);
  int major = 0;
  int minor = 0;
  int length = 0;
  if (strncmp(text, STUB_MAGIC, strlen(STUB_MAGIC)) != 0
      || sscanf(text + strlen(STUB_MAGIC), "%d %d %zu%n", &major, &minor, size, &length) != 3) {
    return false;
  }
  *architecture = 10 * major + minor;
  *content = text + strlen(STUB_MAGIC) + length + 1;
  return true;
}

int architecture_of(const void *image) {
  int architecture = 0;
  size_t size = 0;
  const char *content = nullptr;
  return read_head(image, &architecture, &size, &content) ? architecture : 0;
}

/* Libraries are opened by name, and one of the same name is not opened again: the file stays open, so that its name is
 * nobody else's. */
static void open_library(Program &program, const char *content, size_t size) {
  program.file = memfd_create("stub-program", MFD_CLOEXEC);
  if (program.file >= 0 && write(program.file, content, size) == static_cast<ssize_t>(size)) {
    std::string name = "/proc/self/fd/" + std::to_string(program.file);
    program.library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  }
}

template <class T>
static T *symbol(void *library, const char *name) {
  return static_cast<T *>(dlsym(library, name));
}

std::shared_ptr<Program> load_program(const void *image, std::string *reason) {
  int architecture = 0;
  size_t size = 0;
  const char *content = nullptr;
  if (!read_head(image, &architecture, &size, &content)) {
    *reason = "the image is none that the stub of NVRTC has made";
    return nullptr;
  }
  auto program = std::make_shared<Program>();
  open_library(*program, content, size);
  if (!program->library) {
    const char *error = dlerror();
    *reason = error ? error : "the image cannot be written to memory";
    return nullptr;
  }
  program->kernels = symbol<StubKernel>(program->library, STUB_KERNELS);
  program->thread = symbol<Axes>(program->library, "threadIdx");
  program->block = symbol<Axes>(program->library, "blockIdx");
  program->block_extent = symbol<Axes>(program->library, "blockDim");
  program->grid_extent = symbol<Axes>(program->library, "gridDim");
  program->shared = *symbol<char *>(program->library, STUB_SHARED_BEGIN);
  program->shared_size = *symbol<char *>(program->library, STUB_SHARED_END) - program->shared;
  *symbol<void (*)()>(program->library, "stub_barrier") = wait_for_others;
  return program;
}

const StubKernel *find_kernel(const Program &program, const std::string &name) {
  for (const StubKernel *kernel = program.kernels; kernel->name; kernel++) {
    if (name == kernel->name) {
      return kernel;
    }
  }
  return nullptr;
}

}  // namespace stub
