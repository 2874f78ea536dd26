/* The memory of the devices, which is the host's, and what is known about it. */
#pragma once

#include <cstddef>
#include <string>

namespace stub {

/* How many allocations a device has. */
long allocations_of(int device);

/* Bytes that a device has left. */
long memory_left(int device);

/* Memory full of NaNs between bytes that nobody may touch. Device -1: page-locked memory of the host. */
void *allocate(int device, size_t size);

/* Whether there was such an allocation. */
bool release(int device, void *at);

/* Whether the bytes lie within one allocation of the device (-1: of the host). */
bool within(int device, const void *at, size_t size);

/* What is wrong with handing the bytes to the device: empty if they are its own. */
std::string not_of_device(int device, const void *at, size_t size);

/* The same of bytes on the host's side of a copy. */
std::string not_of_host(const void *at, size_t size);

/* Notes as violations what has been written beyond allocations since the last time. */
void check_bounds(const std::string &writer);

}  // namespace stub
