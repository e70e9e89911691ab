/* SPDX-License-Identifier: MIT */
#include "tools/log_dump.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "storage/guard.h"
#include "storage/recover.h"
#include "tools/event_json.h"

typedef struct dump {
    const char *dir;
    sp_seq from, to;
    sp_json_writer *writer;
    sp_out lines; /* of this slice */
    int error;    /* of writing; 0 = none */
} dump;

/* Inside a read transaction: only into memory. A slice is 50 ms of events,
 * so this stays within some ten megabytes. */
static const char *on_event(void *context, const sp_event *event)
{
    dump *it = context;
    if (it->error != 0)
        return "nobody reads on"; /* ends the walk; see walk */
    if (!sp_event_json_write(it->writer, &it->lines, event))
        return "a text that is not UTF-8";
    sp_out_bytes(&it->lines, "\n", 1);
    return NULL;
}

static void on_slice(void *context, sp_seq done, sp_seq head)
{
    dump *it = context;
    (void)done, (void)head;
    const char *at = it->lines.bytes;
    size_t left = it->lines.size;
    while (left > 0 && it->error == 0) {
        ssize_t wrote = write(STDOUT_FILENO, at, left);
        if (wrote < 0 && errno != EINTR)
            it->error = errno;
        if (wrote > 0) {
            at += wrote;
            left -= (size_t)wrote;
        }
    }
    sp_out_clear(&it->lines);
}

static void walk(dump *it, sp_finding *finding)
{
    sp_env *env;
    sp_recover_summary summary;
    sp_recover_config config = {.from = it->from,
                                .until = it->to,
                                .on_event = on_event,
                                .on_slice = on_slice,
                                .context = it};
    if (sp_env_open(it->dir, SP_ENV_READ, 0, &env, finding) != SP_STORAGE_OK)
        return;
    sp_recover(env, &config, &summary, finding);
    sp_env_close(env);
    if (it->error == EPIPE)
        sp_finding_clear(finding);
    else if (it->error != 0)
        sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't write: %s", strerror(it->error));
}

static void work(void *context, void *result, sp_finding *finding)
{
    dump *it = context;
    (void)result;
    signal(SIGPIPE, SIG_IGN); /* EPIPE says it */
    sp_out_init(&it->lines);
    it->writer = sp_json_writer_create();
    if (it->writer == NULL)
        sp_finding_set(finding, SP_STORAGE_FAILED, 0, "out of memory");
    else
        walk(it, finding);
    sp_json_writer_destroy(it->writer);
    sp_out_close(&it->lines);
}

sp_storage_status sp_log_dump(const char *dir, sp_seq from, sp_seq to, sp_finding *finding)
{
    dump it = {.dir = dir, .from = from, .to = to};
    return sp_guard_run(work, &it, NULL, 0, finding);
}
