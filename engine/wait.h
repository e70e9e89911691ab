/* SPDX-License-Identifier: MIT
 *
 * How the sequencer sleeps and is woken, as an interface: a futex in the
 * program (storage/wait.h), nothing at all in the simulator.
 *
 * A waiter is a binary semaphore: `wake` before `sleep` makes that sleep
 * return at once, so no wake-up is lost between looking and sleeping.
 */
#ifndef SP_ENGINE_WAIT_H
#define SP_ENGINE_WAIT_H

#include <stdint.h>

typedef struct sp_wait sp_wait;
struct sp_wait {
    /* Owner thread. Returns when woken, or after timeout_ms (< 0: never);
     * may also return for no reason. */
    void (*sleep)(sp_wait *self, int64_t timeout_ms);
    /* Any thread; cheap; never blocks. Orders everything before it before
     * what the woken thread does next. */
    void (*wake)(sp_wait *self);
};

#endif
