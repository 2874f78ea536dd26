/* What the backend cuda calls of cuDNN 9: its graph API. */
#include <cudnn_graph.h>
