/* What kernels are written in, said in CUDA C++. VW is the width of a vector. */
#define KERNEL extern "C" __global__
#define FUNCTION static __device__ __forceinline__
#define GLOBAL
#define LOCAL __shared__
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

struct vec {
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
