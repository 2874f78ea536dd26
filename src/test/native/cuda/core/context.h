/* The primary contexts of the devices, and which of them a thread works with. */
#pragma once

namespace stub {

/* The device whose context the calling thread has made current; -1: none, or one that has been released since. */
int current_device();

void *retain_context(int device);

/* How often it stays retained; -1: it was not. */
long release_context(int device);

/* Whether there is such a context; null means that none shall be current. */
bool make_current(void *context);

}  // namespace stub
