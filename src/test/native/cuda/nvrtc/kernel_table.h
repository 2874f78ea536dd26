/* What a program that the stub of NVRTC has compiled says of its kernels. */
#pragma once

struct StubParameter {
  unsigned long size;
  int is_pointer;
};

struct StubKernel {
  const char *name;
  void (*call)(void **arguments);
  const struct StubParameter *parameters;
  unsigned long count;
  unsigned int most_threads; /* 0: no bounds were given */
};

/* The symbols of a program: its kernels with a last one without a name, and the beginning and end of what the threads
 * of a block share. */
#define STUB_KERNELS "stub_kernels"
#define STUB_SHARED_BEGIN "stub_shared_begin"
#define STUB_SHARED_END "stub_shared_end"

/* Before cubins; followed by "major minor bytes\n" and a shared library of this many bytes. */
#define STUB_MAGIC "unnoise stub cubin "
