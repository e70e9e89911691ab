/* SPDX-License-Identifier: MIT
 *
 * Passwords: argon2id (libsodium), 2 passes over 19 MiB, some tens of
 * milliseconds each; so they are computed on libuv's thread pool, and few at
 * a time.
 *
 * The gate: each loop lets so many computations onto the pool at once and
 * keeps a line of SP_PASSWORD_LINE_MAX behind them; what comes on top is told
 * `busy`. Whoever leaves the line by hanging up costs the others nothing: else
 * one client who asks and goes, again and again, would keep everybody out.
 * The whole process computes max(1, processors / 2) at a time, shared
 * out evenly over its loops (at least one each): with one loop on two
 * processors, one. A gate that only its own loop touches needs no lock, and no
 * loop has to be woken by another.
 */
#ifndef SP_NET_PASSWORD_H
#define SP_NET_PASSWORD_H

#include <uv.h>

#include "engine/profile.h"
#include "engine/values.h"

#define SP_PASSWORD_LINE_MAX 64u

/* Blocks for the computation; any thread. password need not be terminated.
 * false if the memory for it can't be had. */
bool sp_password_hash(const char *password, size_t size, char out[SP_PASSWORD_HASH_SIZE]);

/* Blocks likewise. hash: terminated within its size. true = it is the
 * password. false with errno ENOMEM if the memory can't be had, else 0. */
bool sp_password_verify(const char *hash, const char *password, size_t size);

/* A computation in line or on the pool. Owned by the caller, who embeds it;
 * must stay until `done` was called. */
typedef struct sp_password_job sp_password_job;
struct sp_password_job {
    uv_work_t work;
    struct sp_password_gate *gate;
    sp_password_job *next;
    /* On the loop, when its turn in the line has come: false = nobody waits
     * for it any more, so that it is done with without being computed. */
    bool (*is_wanted)(const sp_password_job *job);
    void (*compute)(sp_password_job *job); /* on a pool thread */
    void (*done)(sp_password_job *job);    /* then on the loop */
};

/* One a loop, used by its thread alone. */
typedef struct sp_password_gate {
    uv_loop_t *loop;
    uint32_t running, running_max;
    uint32_t waiting;
    sp_password_job *first, **last;
} sp_password_gate;

/* loops_count: how many gates share the process. */
void sp_password_gate_init(sp_password_gate *gate, uv_loop_t *loop, uint32_t loops_count);

/* false = the line is full: nothing was done. */
bool sp_password_gate_enter(sp_password_gate *gate, sp_password_job *job);

#endif
