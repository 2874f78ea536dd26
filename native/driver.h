/* What the backend cuda calls of the driver, libcuda. */
#include <cuda.h>
