/* SPDX-License-Identifier: MIT */
#include "bench/log_scratch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/assert.h"

static bool say(const char *what, const char *why)
{
    fprintf(stderr, "stagepick bench: %s: %s\n", what, why);
    return false;
}

static void remove_file(const char *dir, const char *name)
{
    char path[PATH_MAX + 16];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    if (unlink(path) != 0 && errno != ENOENT)
        say(path, strerror(errno));
}

bool sp_bench_log_scratch_open(sp_bench_log_scratch *scratch, const char *base)
{
    sp_finding finding;
    memset(scratch, 0, sizeof *scratch);
    int size = snprintf(scratch->dir, sizeof scratch->dir, "%s/stagepick-bench-XXXXXX", base);
    if (size < 0 || (size_t)size >= sizeof scratch->dir || mkdtemp(scratch->dir) == NULL) {
        scratch->dir[0] = '\0';
        return say(base, strerror(errno));
    }
    if (sp_env_open(scratch->dir, SP_ENV_CREATE, 0, &scratch->env, &finding) == SP_STORAGE_OK &&
        sp_event_log_create(scratch->env, &scratch->log, &finding) == SP_STORAGE_OK)
        return true;
    say(scratch->dir, finding.text);
    sp_bench_log_scratch_close(scratch);
    return false;
}

void sp_bench_log_scratch_close(sp_bench_log_scratch *scratch)
{
    sp_event_log_destroy(scratch->log);
    sp_env_close(scratch->env);
    scratch->log = NULL;
    scratch->env = NULL;
    if (scratch->dir[0] == '\0')
        return;
    remove_file(scratch->dir, "data.mdb");
    remove_file(scratch->dir, "lock.mdb");
    if (rmdir(scratch->dir) != 0)
        say(scratch->dir, strerror(errno));
    scratch->dir[0] = '\0';
}

uint64_t sp_bench_log_scratch_bytes(const sp_bench_log_scratch *scratch)
{
    MDB_envinfo info;
    MDB_stat stats;
    int error = mdb_env_info(scratch->env->mdb, &info);
    if (error == 0)
        error = mdb_env_stat(scratch->env->mdb, &stats);
    SP_ASSERT_CMP(error, ==, 0); /* fails only without an environment */
    return ((uint64_t)info.me_last_pgno + 1) * stats.ms_psize;
}
