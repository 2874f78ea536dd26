/* What the backend cpu calls: oneDNN's C API, and one function of the OpenMP run time that oneDNN brings along. */
#include <oneapi/dnnl/dnnl.h>

/* How many threads parallel regions that the calling thread starts will have. */
void omp_set_num_threads(int count);
