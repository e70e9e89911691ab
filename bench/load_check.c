/* SPDX-License-Identifier: MIT */
#include "bench/load_check.h"

#include "storage/guard.h"

typedef struct job {
    const char *dir;
    sp_seq after;
} job;

static const char *on_event(void *context, const sp_event *event)
{
    sp_bench_load_log *log = context;
    log->sold += event->type == SP_EVENT_ORDER_PAID;
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
    sp_recover_config config = {
        .from = it->after < UINT64_MAX ? it->after + 1 : it->after,
        .lookups = true,
        .on_event = on_event,
        .context = log,
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
                                           uint64_t unknown)
{
    const sp_log_identity *was = &before->identity, *is = &after->identity;
    return (sp_bench_load_check){
        .sold = after->sold,
        .accepted = accepted,
        .unknown = unknown,
        .same_log = memcmp(was->log_id, is->log_id, sizeof was->log_id) == 0 &&
                    before->head.seq <= after->head.seq,
    };
}

bool sp_bench_load_check_is_ok(const sp_bench_load_check *check)
{
    return check->same_log && check->sold >= check->accepted &&
           check->sold - check->accepted <= check->unknown;
}
