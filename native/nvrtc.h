/* What the backend cuda calls of the run-time compiler, libnvrtc. */
#include <nvrtc.h>
