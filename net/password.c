/* SPDX-License-Identifier: MIT */
#include "net/password.h"

#include <errno.h>
#include <sodium.h>

#include "engine/assert.h"

/* OWASP's password storage cheat sheet: argon2id, m = 19 MiB, t = 2, p = 1. */
#define PASSES 2u
#define MEMORY_SIZE (19456u * 1024u)

_Static_assert(SP_PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "a hash is libsodium's text");

bool sp_password_hash(const char *password, size_t size, char out[SP_PASSWORD_HASH_SIZE])
{
    return crypto_pwhash_str_alg(out, password, size, PASSES, MEMORY_SIZE,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0;
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

bool sp_password_gate_enter(sp_password_gate *gate, sp_password_job *job)
{
    job->next = NULL;
    if (gate->running < gate->running_max) {
        run(gate, job);
        return true;
    }
    if (gate->waiting == SP_PASSWORD_LINE_MAX)
        return false;
    *gate->last = job;
    gate->last = &job->next;
    gate->waiting++;
    return true;
}
