/*
 * What CUDA C++ has and C++ has not, for kernels that run on a processor. Variables that threads share lie in a section
 * of their own, which is filled with NaNs before every block.
 */
#pragma once

#include <math.h>
#include <string.h>

#include <type_traits>
#include <utility>

#include "kernel_table.h"

#define __global__ __attribute__((noinline))
#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __constant__ static const
#define __shared__ static __attribute__((section("stub_shared")))
#define __launch_bounds__(...)
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __restrict__ __restrict

struct uint3 {
  unsigned int x, y, z;
};
typedef uint3 dim3;

/* Set before a thread goes on. */
extern "C" {
uint3 threadIdx, blockIdx;
dim3 blockDim, gridDim;
void (*stub_barrier)(void);
extern char __start_stub_shared[] __attribute__((weak, visibility("hidden")));
extern char __stop_stub_shared[] __attribute__((weak, visibility("hidden")));
char *stub_shared_begin = __start_stub_shared;
char *stub_shared_end = __stop_stub_shared;
}

static inline void __syncthreads() {
  stub_barrier();
}

static inline unsigned int __umulhi(unsigned int a, unsigned int b) {
  return static_cast<unsigned int>(static_cast<unsigned long long>(a) * b >> 32);
}

template <class To, class From>
static inline To stub_bits(From from) {
  static_assert(sizeof(To) == sizeof(From), "as many bits");
  To to;
  memcpy(&to, &from, sizeof to);
  return to;
}

static inline unsigned int __float_as_uint(float x) {
  return stub_bits<unsigned int>(x);
}

static inline int __float_as_int(float x) {
  return stub_bits<int>(x);
}

static inline float __uint_as_float(unsigned int x) {
  return stub_bits<float>(x);
}

static inline float __int_as_float(int x) {
  return stub_bits<float>(x);
}

template <class A, class B>
static inline std::common_type_t<A, B> min(A a, B b) {
  return b < a ? b : a;
}

template <class A, class B>
static inline std::common_type_t<A, B> max(A a, B b) {
  return a < b ? b : a;
}

#include "shim_convert.h"
#include "shim_table.h"
