/*
 * What kernels are written in, said in CUDA C++. VW is the width of a vector, STORAGE how activations and the weights
 * of products are stored: 0 float, 1 half, 2 bfloat16. Kernels compute with floats.
 */
#define KERNEL extern "C" __global__
#define FUNCTION static __device__ __forceinline__
#define GLOBAL
#define LOCAL __shared__
#define LOCAL_POINTER
#define GROUP_OF(x, y, z) __launch_bounds__((x) * (y) * (z))
#define AXIS_(object, axis) ((int)((axis) == 0 ? object.x : (axis) == 1 ? object.y : object.z))
#define LOCAL_ID(axis) AXIS_(threadIdx, axis)
#define GROUP_ID(axis) AXIS_(blockIdx, axis)
#define GLOBAL_ID(axis) (GROUP_ID(axis) * AXIS_(blockDim, axis) + LOCAL_ID(axis))
#define BARRIER() __syncthreads()
#define UNROLL _Pragma("unroll")
#define FLOAT_BITS(x) __float_as_uint(x)
#define BITS_FLOAT(x) __uint_as_float(x)
#define HIGH_PRODUCT(a, b) __umulhi(a, b)
#ifndef INFINITY
#define INFINITY __int_as_float(0x7F800000)
#endif

struct __align__(4 * VW) vec {
  float lane[VW];
};

FUNCTION vec splat(float x) {
  vec result;
  UNROLL
  for (int i = 0; i < VW; i++) {
    result.lane[i] = x;
  }
  return result;
}

FUNCTION vec vector_load(const float *from) {
  vec result;
  UNROLL
  for (int i = 0; i < VW; i++) {
    result.lane[i] = from[i];
  }
  return result;
}

FUNCTION void vector_store(vec values, float *to) {
  UNROLL
  for (int i = 0; i < VW; i++) {
    to[i] = values.lane[i];
  }
}

#define LANEWISE(name, parameters, expression) \
  FUNCTION vec name parameters { \
    vec result; \
    UNROLL \
    for (int i = 0; i < VW; i++) { \
      result.lane[i] = expression; \
    } \
    return result; \
  }
LANEWISE(operator+, (vec a, vec b), a.lane[i] + b.lane[i])
LANEWISE(operator-, (vec a, vec b), a.lane[i] - b.lane[i])
LANEWISE(operator*, (vec a, vec b), a.lane[i] * b.lane[i])
LANEWISE(operator/, (vec a, vec b), a.lane[i] / b.lane[i])
LANEWISE(operator-, (vec a), -a.lane[i])
LANEWISE(vector_fma, (vec a, vec b, vec c), fmaf(a.lane[i], b.lane[i], c.lane[i]))
LANEWISE(vector_exp, (vec a), expf(a.lane[i]))
LANEWISE(vector_tanh, (vec a), tanhf(a.lane[i]))
LANEWISE(vector_log1p, (vec a), log1pf(a.lane[i]))
LANEWISE(vector_erf, (vec a), erff(a.lane[i]))
LANEWISE(vector_max, (vec a, vec b), fmaxf(a.lane[i], b.lane[i]))
LANEWISE(vector_min, (vec a, vec b), fminf(a.lane[i], b.lane[i]))

FUNCTION void operator+=(vec &a, vec b) {
  a = a + b;
}

FUNCTION void operator*=(vec &a, vec b) {
  a = a * b;
}

#define SPLAT(x) splat(x)
#define VECTOR_LOAD(p) vector_load(p)
#define VECTOR_STORE(v, p) vector_store(v, p)
#define VECTOR_FMA(a, b, c) vector_fma(a, b, c)
#define VECTOR_EXP(x) vector_exp(x)
#define VECTOR_TANH(x) vector_tanh(x)
#define VECTOR_LOG1P(x) vector_log1p(x)
#define VECTOR_ERF(x) vector_erf(x)
#define VECTOR_MAX(a, b) vector_max(a, b)
#define VECTOR_MIN(a, b) vector_min(a, b)

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define STORED_0 float
#define STORED_1 unsigned short
#define STORED_2 unsigned short

/* In PTX, because the header that names these conversions does not come with the run-time compiler. */
FUNCTION float half_value(unsigned short bits) {
  float value;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(bits));
  return value;
}

FUNCTION unsigned short half_bits(float value) {
  unsigned short bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

FUNCTION unsigned short bfloat_bits(float value) {
  unsigned short bits;
  asm("cvt.rn.bf16.f32 %0, %1;" : "=h"(bits) : "f"(value));
  return bits;
}

#define LOAD_0(p) (*(p))
#define LOAD_1(p) half_value(*(p))
#define LOAD_2(p) __uint_as_float((unsigned int)*(p) << 16)
#define STORE_0(x, p) (*(p) = (x))
#define STORE_1(x, p) (*(p) = half_bits(x))
#define STORE_2(x, p) (*(p) = bfloat_bits(x))

#define STORAGE_OF_VECTORS(storage) \
  FUNCTION vec JOIN(loads_, storage)(const JOIN(STORED_, storage) *from) { \
    vec result; \
    UNROLL \
    for (int i = 0; i < VW; i++) { \
      result.lane[i] = JOIN(LOAD_, storage)(from + i); \
    } \
    return result; \
  } \
  FUNCTION void JOIN(stores_, storage)(vec values, JOIN(STORED_, storage) *to) { \
    UNROLL \
    for (int i = 0; i < VW; i++) { \
      JOIN(STORE_, storage)(values.lane[i], to + i); \
    } \
  }
STORAGE_OF_VECTORS(0)
STORAGE_OF_VECTORS(1)
STORAGE_OF_VECTORS(2)

#define LOADS_0(p) loads_0(p)
#define LOADS_1(p) loads_1(p)
#define LOADS_2(p) loads_2(p)
#define STORES_0(x, p) stores_0(x, p)
#define STORES_1(x, p) stores_1(x, p)
#define STORES_2(x, p) stores_2(x, p)

FUNCTION float vector_sum(vec x) {
  float sum = x.lane[0];
  UNROLL
  for (int i = 1; i < VW; i++) {
    sum += x.lane[i];
  }
  return sum;
}
#define VECTOR_SUM(x) vector_sum(x)

FUNCTION float vector_largest(vec x) {
  float largest = x.lane[0];
  UNROLL
  for (int i = 1; i < VW; i++) {
    largest = fmaxf(largest, x.lane[i]);
  }
  return largest;
}
#define VECTOR_LARGEST(x) vector_largest(x)
