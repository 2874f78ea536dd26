/* Threads of a block, which take turns on one thread of the processor. */
#pragma once

namespace stub {

/* Runs `body(i, context)` for every i below the count. One that waits lets the others go on until all that are left
 * wait, too. Whether each of them came to every wait. */
bool run_fibers(int count, void (*body)(int, void *), void (*before)(int, void *), void *context);

/* Waits for all others: for bodies to call. */
void wait_for_others();

}  // namespace stub
