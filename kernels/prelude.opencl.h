/* What kernels are written in, said in OpenCL C 1.2. VW is the width of a vector. */
#define KERNEL __kernel
#define FUNCTION static
#define GLOBAL __global
#define LOCAL __local
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
