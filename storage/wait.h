/* SPDX-License-Identifier: MIT
 *
 * engine/wait.h by a futex: a binary semaphore in one word.
 *
 *   EMPTY ──wake──▶ TOKEN       sleep takes the token, returns at once
 *   EMPTY ──sleep─▶ ASLEEP ──wake──▶ TOKEN and one futex wake
 *
 * Only a wake that finds the owner ASLEEP makes a system call. The word is
 * changed by exchanges with release in wake and acquire in sleep: that pair
 * orders what came before the wake before what follows the sleep.
 */
#ifndef SP_STORAGE_WAIT_H
#define SP_STORAGE_WAIT_H

#include <stdatomic.h>

#include "engine/wait.h"

typedef struct sp_futex_wait {
    sp_wait wait; /* first: the interface */
    _Atomic uint32_t word;
} sp_futex_wait;

void sp_futex_wait_init(sp_futex_wait *wait);

#endif
