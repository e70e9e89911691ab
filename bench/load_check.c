/* SPDX-License-Identifier: MIT */
#include "bench/load_check.h"

#include <stdlib.h>
#include <string.h>

#include "engine/assert.h"
#include "engine/limits.h"
#include "storage/guard.h"

typedef struct job {
    const char *dir;
    sp_seq after;
} job;

/* Of the child, which ends with it: nothing is freed. A cancelled order's seats are
 * not known here, so once there is one, seats are no longer looked at. */
typedef struct tally {
    sp_bench_load_log *log;
    unsigned char **sold; /* by concert: a bit a seat, NULL = none yet */
    uint32_t concerts_count;
    unsigned char *holds; /* by id: HELD, BOUGHT */
    uint32_t holds_count;
    bool cancels;
} tally;

enum { HELD = 1, BOUGHT };

/* Zeroed up to `needed`. */
static void *grown(void *old, uint32_t *count, uint32_t needed, size_t size)
{
    uint32_t more = needed < UINT32_MAX / 2 ? 2 * needed + 64 : UINT32_MAX;
    char *all = realloc(old, more * size);
    SP_ASSERT(all != NULL);
    memset(all + *count * size, 0, (more - *count) * size);
    *count = more;
    return all;
}

static bool sells_again(tally *t, sp_concert_id concert, sp_seat seat)
{
    if (concert >= t->concerts_count)
        t->sold = grown(t->sold, &t->concerts_count, concert, sizeof *t->sold);
    if (t->sold[concert] == NULL)
        t->sold[concert] = calloc(SP_SEATS_PER_CONCERT_MAX / 8 + 1, 1);
    SP_ASSERT(t->sold[concert] != NULL && seat < SP_SEATS_PER_CONCERT_MAX);
    unsigned char *byte = &t->sold[concert][seat / 8], bit = (unsigned char)(1u << seat % 8);
    bool again = (*byte & bit) != 0;
    *byte |= bit;
    return again && !t->cancels;
}

static unsigned char *hold_of(tally *t, sp_hold_id hold)
{
    if (hold >= t->holds_count)
        t->holds = grown(t->holds, &t->holds_count, hold, 1);
    return &t->holds[hold];
}

static void add_sale(tally *t, const sp_event *event)
{
    sp_bench_load_log *log = t->log;
    log->sold++;
    log->seats += event->order_paid.seats_count;
    log->sold_last = event->time;
    if (log->sold_first == 0)
        log->sold_first = event->time;
    for (uint32_t i = 0; i < event->order_paid.seats_count; i++)
        log->wrong += sells_again(t, event->order_paid.concert, event->order_paid.seats[i]);
    if (event->order_paid.hold == 0)
        return;
    unsigned char *hold = hold_of(t, event->order_paid.hold);
    log->wrong += *hold != HELD;
    *hold = BOUGHT;
}

static const char *on_event(void *context, const sp_event *event)
{
    tally *t = context;
    t->cancels = t->cancels || event->type == SP_EVENT_ORDER_CANCELLED;
    if (event->type == SP_EVENT_ORDER_PAID)
        add_sale(t, event);
    if (event->type == SP_EVENT_HOLD_TAKEN) {
        t->log->held++;
        *hold_of(t, event->hold_taken.hold) = HELD;
    }
    return NULL;
}

/* In the child. */
static void work(void *context, void *result, sp_finding *finding)
{
    const job *it = context;
    sp_bench_load_log *log = result;
    sp_recover_summary summary;
    sp_env *env;
    if (sp_env_open(it->dir, SP_ENV_READ, 0, &env, finding) != SP_STORAGE_OK)
        return;
    log->identity = env->identity;
    tally t = {.log = log};
    sp_recover_config config = {
        .from = it->after < UINT64_MAX ? it->after + 1 : it->after,
        .lookups = true,
        .on_event = on_event,
        .context = &t,
    };
    (void)sp_recover(env, &config, &summary, finding);
    log->head = summary.head;
    sp_env_close(env);
}

sp_storage_status sp_bench_load_log_read(const char *dir, sp_seq after, sp_bench_load_log *out,
                                         sp_finding *finding)
{
    job it = {dir, after};
    return sp_guard_run(work, &it, out, sizeof *out, finding);
}

sp_bench_load_check sp_bench_load_check_of(const sp_bench_load_log *before,
                                           const sp_bench_load_log *after, uint64_t accepted,
                                           uint64_t given, uint64_t unknown)
{
    const sp_log_identity *was = &before->identity, *is = &after->identity;
    return (sp_bench_load_check){
        .sold = after->sold,
        .accepted = accepted,
        .held = after->held,
        .given = given,
        .wrong = after->wrong,
        .sold_s = (double)(after->sold_last - after->sold_first) / 1000,
        .unknown = unknown,
        .same_log = memcmp(was->log_id, is->log_id, sizeof was->log_id) == 0 &&
                    before->head.seq <= after->head.seq,
    };
}

bool sp_bench_load_check_is_ok(const sp_bench_load_check *check)
{
    return check->same_log && check->wrong == 0 && check->sold >= check->accepted &&
           check->sold - check->accepted <= check->unknown && check->held >= check->given &&
           check->held - check->given <= check->unknown;
}
