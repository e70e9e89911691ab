/* SPDX-License-Identifier: MIT */
#include "net/password.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

#include "engine/assert.h"

const sp_password_cost sp_password_cost_default = {SP_PASSWORD_MEMORY_KIB_DEFAULT,
                                                   SP_PASSWORD_PASSES_DEFAULT};

_Static_assert(SP_PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "a hash is libsodium's text");

bool sp_password_hash(const sp_password_cost *cost, const char *password, size_t size,
                      char out[SP_PASSWORD_HASH_SIZE])
{
    return crypto_pwhash_str_alg(out, password, size, cost->passes, (size_t)cost->memory_kib * 1024,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0;
}

/* What was spent on a hash; false if it is none. */
static bool read_cost(const char *hash, sp_password_cost *out)
{
    return sscanf(hash, "$argon2id$v=19$m=%" SCNu32 ",t=%" SCNu32 ",p=1$", &out->memory_kib,
                  &out->passes) == 2;
}

bool sp_password_is_cheaper(const char *hash, const sp_password_cost *cost)
{
    sp_password_cost spent;
    /* libsodium's needs_rehash asks whether they differ: a server with lower
     * parameters would undo what one with higher has done. */
    return !read_cost(hash, &spent) || spent.memory_kib < cost->memory_kib ||
           spent.passes < cost->passes;
}

/* In as few passes as take no more memory than `cost` does. */
void sp_password_spend_rest(const char *hash, const sp_password_cost *cost, const char *password,
                            size_t size)
{
    sp_password_cost spent;
    uint64_t wanted = (uint64_t)cost->memory_kib * cost->passes, done = 0;
    static const unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char out[crypto_pwhash_BYTES_MIN];
    if (read_cost(hash, &spent))
        done = (uint64_t)spent.memory_kib * spent.passes;
    if (done >= wanted)
        return;
    uint64_t passes = (wanted - done + cost->memory_kib - 1) / cost->memory_kib;
    uint64_t memory_size = (wanted - done) / passes * 1024;
    if (memory_size < crypto_pwhash_MEMLIMIT_MIN)
        memory_size = crypto_pwhash_MEMLIMIT_MIN;
    (void)!crypto_pwhash(out, sizeof out, password, size, salt, passes, (size_t)memory_size,
                         crypto_pwhash_ALG_ARGON2ID13);
    sodium_memzero(out, sizeof out);
}

bool sp_password_verify(const char *hash, const char *password, size_t size)
{
    errno = 0;
    if (crypto_pwhash_str_verify(hash, password, size) == 0)
        return true;
    /* libsodium answers -1 for both, and sets errno for other reasons too. */
    errno = errno == ENOMEM ? ENOMEM : 0;
    return false;
}

void sp_password_gate_init(sp_password_gate *gate, uv_loop_t *loop, uint32_t loops_count)
{
    uint32_t share = uv_available_parallelism() / 2 / (loops_count ? loops_count : 1);
    *gate = (sp_password_gate){.loop = loop, .running_max = share ? share : 1};
    gate->last = &gate->first;
}

static void on_work(uv_work_t *work)
{
    sp_password_job *job = (sp_password_job *)work->data;
    job->compute(job);
}

static void on_after_work(uv_work_t *work, int status);

static void run(sp_password_gate *gate, sp_password_job *job)
{
    job->gate = gate;
    job->work.data = job;
    gate->running++;
    int status = uv_queue_work(gate->loop, &job->work, on_work, on_after_work);
    SP_ASSERT_CMP(status, ==, 0); /* fails only without a callback */
}

static sp_password_job *leave_line(sp_password_gate *gate)
{
    sp_password_job *job = gate->first;
    gate->first = job->next;
    if (!gate->first)
        gate->last = &gate->first;
    gate->waiting--;
    return job;
}

/* The next in line that somebody waits for. */
static void run_next(sp_password_gate *gate)
{
    while (gate->first) {
        sp_password_job *job = leave_line(gate);
        if (job->is_wanted(job)) {
            run(gate, job);
            return;
        }
        job->done(job); /* frees it */
    }
}

static void on_after_work(uv_work_t *work, int status)
{
    (void)status; /* nobody cancels */
    sp_password_job *job = work->data;
    job->gate->running--;
    run_next(job->gate);
    job->done(job);
}

/* At most SP_PASSWORD_LINE_MAX to look at, before tens of milliseconds of work. */
static bool has_share(const sp_password_gate *gate, const sp_password_job *job)
{
    uint32_t count = 0, wide_count = 0;
    for (const sp_password_job *other = gate->first; other; other = other->next) {
        count += memcmp(&other->network, &job->network, sizeof job->network) == 0;
        wide_count +=
            memcmp(&other->wide_network, &job->wide_network, sizeof job->wide_network) == 0;
    }
    return count < SP_PASSWORD_LINE_PER_NETWORK_MAX &&
           wide_count < SP_PASSWORD_LINE_PER_WIDE_NETWORK_MAX;
}

bool sp_password_gate_enter(sp_password_gate *gate, sp_password_job *job)
{
    job->next = NULL;
    if (gate->running < gate->running_max) {
        run(gate, job);
        return true;
    }
    if (gate->waiting == SP_PASSWORD_LINE_MAX || !has_share(gate, job))
        return false;
    *gate->last = job;
    gate->last = &job->next;
    gate->waiting++;
    return true;
}
