/* Runs of channels, as they are stored: whole vectors, and what is left at the end. */

#define real JOIN(STORED_, STORAGE)
#define LOAD_REAL(p) JOIN(LOAD_, STORAGE)(p)
#define STORE_REAL(x, p) JOIN(STORE_, STORAGE)(x, p)

/* What products and the network's output are stored as, where that differs. */
#ifndef OUTPUT_STORAGE
#define OUTPUT_STORAGE STORAGE
#endif
#define out_real JOIN(STORED_, OUTPUT_STORAGE)
#define LOAD_OUT(p) JOIN(LOAD_, OUTPUT_STORAGE)(p)
#define STORE_OUT(x, p) JOIN(STORE_, OUTPUT_STORAGE)(x, p)

#define RUNS_OF(type, suffix, storage) \
  FUNCTION vec JOIN(load_, suffix)(const GLOBAL type *from, int count) { \
    if (count >= VW) { \
      return JOIN(LOADS_, storage)(from); \
    } \
    float lanes[VW]; \
    for (int i = 0; i < VW; i++) { \
      lanes[i] = i < count ? JOIN(LOAD_, storage)(from + i) : 0.0f; \
    } \
    return VECTOR_LOAD(lanes); \
  } \
  FUNCTION void JOIN(store_, suffix)(vec values, GLOBAL type *to, int count) { \
    if (count >= VW) { \
      JOIN(STORES_, storage)(values, to); \
      return; \
    } \
    float lanes[VW]; \
    VECTOR_STORE(values, lanes); \
    for (int i = 0; i < count; i++) { \
      JOIN(STORE_, storage)(lanes[i], to + i); \
    } \
  }
RUNS_OF(float, floats, 0)
RUNS_OF(real, reals, STORAGE)
RUNS_OF(out_real, outs, OUTPUT_STORAGE)
