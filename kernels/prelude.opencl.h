/*
 * What kernels are written in, said in OpenCL C 1.2. VW is the width of a vector, STORAGE how activations and the
 * weights of products are stored: 0 float, 1 half, 2 bfloat16. Storing halves takes no extension; kernels compute with
 * floats.
 */
#define KERNEL __kernel
#define FUNCTION static
#define GLOBAL __global
#define LOCAL __local
#define LOCAL_POINTER __local
#define GROUP_OF(x, y, z) __attribute__((reqd_work_group_size(x, y, z)))
#define GLOBAL_ID(axis) ((int)get_global_id(axis))
#define LOCAL_ID(axis) ((int)get_local_id(axis))
#define GROUP_ID(axis) ((int)get_group_id(axis))
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)
#define UNROLL _Pragma("unroll")
#define FLOAT_BITS(x) as_uint(x)
#define BITS_FLOAT(x) as_float((uint)(x))
#define HIGH_PRODUCT(a, b) mul_hi((uint)(a), (uint)(b))

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
typedef JOIN(float, VW) vec;
#define SPLAT(x) ((vec)(x))
#define VECTOR_LOAD(p) JOIN(vload, VW)(0, p)
#define VECTOR_STORE(v, p) JOIN(vstore, VW)(v, 0, p)
#define VECTOR_FMA(a, b, c) fma(a, b, c)
#define VECTOR_EXP(x) exp(x)
#define VECTOR_TANH(x) tanh(x)
#define VECTOR_LOG1P(x) log1p(x)
#define VECTOR_ERF(x) erf(x)
#define VECTOR_MAX(a, b) fmax(a, b)
#define VECTOR_MIN(a, b) fmin(a, b)

#define STORED_0 float
#define STORED_1 half
#define STORED_2 ushort

typedef JOIN(uint, VW) vec_bits;

/* To the nearest, ties to even; a NaN stays one. */
static uint bfloat_bits(float x) {
  uint bits = as_uint(x);
  return isnan(x) ? 0x7FC0u : (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
}

static vec_bits bfloats_bits(vec x) {
  vec_bits bits = JOIN(as_uint, VW)(x);
  vec_bits rounded = (bits + 0x7FFFu + ((bits >> 16) & 1u)) >> 16;
  return select(rounded, (vec_bits)(0x7FC0u), isnan(x));
}

#define LOAD_0(p) (*(p))
#define LOAD_1(p) vload_half(0, p)
#define LOAD_2(p) as_float((uint)*(p) << 16)
#define STORE_0(x, p) (*(p) = (x))
#define STORE_1(x, p) vstore_half_rte(x, 0, p)
#define STORE_2(x, p) (*(p) = (ushort)bfloat_bits(x))
#define LOADS_0(p) VECTOR_LOAD(p)
#define LOADS_1(p) JOIN(vload_half, VW)(0, p)
#define LOADS_2(p) JOIN(as_float, VW)(JOIN(convert_uint, VW)(JOIN(vload, VW)(0, p)) << 16)
#define STORES_0(x, p) VECTOR_STORE(x, p)
#define STORES_1(x, p) JOIN(JOIN(vstore_half, VW), _rte)(x, 0, p)
#define STORES_2(x, p) JOIN(vstore, VW)(JOIN(convert_ushort, VW)(bfloats_bits(x)), 0, p)

/* One number of all lanes, halving by halving. */
#define PLUS(a, b) ((a) + (b))
#define LANES_4(name, join) \
  static float JOIN(name, _4)(float4 x) { \
    float2 two = join(x.lo, x.hi); \
    return join(two.lo, two.hi); \
  }
#define LANES_8(name, join) \
  LANES_4(name, join) \
  static float JOIN(name, _8)(float8 x) { \
    return JOIN(name, _4)(join(x.lo, x.hi)); \
  }
#define LANES_16(name, join) \
  LANES_8(name, join) \
  static float JOIN(name, _16)(float16 x) { \
    return JOIN(name, _8)(join(x.lo, x.hi)); \
  }
JOIN(LANES_, VW)(sum, PLUS)
JOIN(LANES_, VW)(largest, fmax)
#define VECTOR_SUM(x) JOIN(sum_, VW)(x)
#define VECTOR_LARGEST(x) JOIN(largest_, VW)(x)
