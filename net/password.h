/* SPDX-License-Identifier: MIT
 *
 * Passwords: argon2id (libsodium), by default 2 passes over 19 MiB, some tens
 * of milliseconds each; so they are computed on libuv's thread pool, and few at
 * a time. How dear a computation is stands in the hash, so hashes of different
 * cost live side by side; one that is cheaper than what is configured is made
 * anew when its owner next logs in (net/auth.c).
 *
 * The gate: each loop lets so many computations onto the pool at once and
 * keeps a line of SP_PASSWORD_LINE_MAX behind them; what comes on top is told
 * `busy`. Of these places one network gets SP_PASSWORD_LINE_PER_NETWORK_MAX and
 * one wide network SP_PASSWORD_LINE_PER_WIDE_NETWORK_MAX, so that neither can
 * fill the line alone. Whoever leaves the line by hanging up costs the others
 * nothing: else one client who asks and goes, again and again, would keep
 * everybody out.
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
#include "net/client_address.h"

#define SP_PASSWORD_LINE_MAX 64u
#define SP_PASSWORD_LINE_PER_NETWORK_MAX 16u
#define SP_PASSWORD_LINE_PER_WIDE_NETWORK_MAX 32u

/* Memory: one computation takes so much while it runs. At least 8 MiB, where
 * OWASP's password storage cheat sheet has its cheapest argon2id (7 MiB). */
#define SP_PASSWORD_MEMORY_KIB_MIN 8192u
#define SP_PASSWORD_MEMORY_KIB_MAX (1024u * 1024u)
#define SP_PASSWORD_MEMORY_KIB_DEFAULT 19456u /* OWASP: m = 19 MiB, t = 2, p = 1 */
#define SP_PASSWORD_PASSES_MAX 16u
#define SP_PASSWORD_PASSES_DEFAULT 2u

typedef struct sp_password_cost {
    uint32_t memory_kib; /* of the range above */
    uint32_t passes;     /* 1 … SP_PASSWORD_PASSES_MAX */
} sp_password_cost;

extern const sp_password_cost sp_password_cost_default;

/* Blocks for the computation; any thread. password need not be terminated.
 * false if the memory for it can't be had. */
bool sp_password_hash(const sp_password_cost *cost, const char *password, size_t size,
                      char out[SP_PASSWORD_HASH_SIZE]);

/* Was less memory or were fewer passes spent on this hash than `cost` has? Also
 * true of what is no hash. */
bool sp_password_is_cheaper(const char *hash, const sp_password_cost *cost);

/* Blocks likewise. hash: terminated within its size. true = it is the
 * password. false with errno ENOMEM if the memory can't be had, else 0. */
bool sp_password_verify(const char *hash, const char *password, size_t size);

/* Blocks likewise. To be called when a password was not that of `hash`: computes
 * what that took less than `cost` in memory times passes, so that it takes as
 * long as one of `cost` whoever asks after it; nothing if it took as much. Where
 * the memory can't be had it is left out. */
void sp_password_spend_rest(const char *hash, const sp_password_cost *cost, const char *password,
                            size_t size);

/* A computation in line or on the pool. Owned by the caller, who embeds it;
 * must stay until `done` was called. */
typedef struct sp_password_job sp_password_job;
struct sp_password_job {
    uv_work_t work;
    struct sp_password_gate *gate;
    sp_password_job *next;
    sp_client_address network, wide_network; /* on whose account it stands in line */
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

/* false = the line is full, or has as many of either of the job's networks as it may:
 * nothing was done. */
bool sp_password_gate_enter(sp_password_gate *gate, sp_password_job *job);

#endif
