/* SPDX-License-Identifier: MIT */
#include "storage/wait.h"

#include <errno.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "engine/assert.h"

enum { EMPTY = 0, TOKEN = 1, ASLEEP = 2 };

static void on_sleep(sp_wait *self, int64_t timeout_ms)
{
    sp_futex_wait *wait = (sp_futex_wait *)self;
    uint32_t seen = EMPTY;
    if (atomic_compare_exchange_strong_explicit(&wait->word, &seen, ASLEEP, memory_order_acquire,
                                                memory_order_acquire)) {
        struct timespec timeout = {timeout_ms / 1000, (timeout_ms % 1000) * 1000000};
        /* Returns at once if a wake came between the exchange and here: the
         * word is no longer ASLEEP. */
        long result = syscall(SYS_futex, &wait->word, FUTEX_WAIT_PRIVATE, ASLEEP,
                              timeout_ms < 0 ? NULL : &timeout, NULL, 0);
        SP_ASSERT(result == 0 || errno == EAGAIN || errno == ETIMEDOUT || errno == EINTR);
    }
    atomic_exchange_explicit(&wait->word, EMPTY, memory_order_acquire);
}

static void on_wake(sp_wait *self)
{
    sp_futex_wait *wait = (sp_futex_wait *)self;
    if (atomic_exchange_explicit(&wait->word, TOKEN, memory_order_release) == ASLEEP)
        syscall(SYS_futex, &wait->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

void sp_futex_wait_init(sp_futex_wait *wait)
{
    wait->wait.sleep = on_sleep;
    wait->wait.wake = on_wake;
    atomic_init(&wait->word, EMPTY);
}
