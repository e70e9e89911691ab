/* SPDX-License-Identifier: MIT
 *
 * stagepick replay: rebuilds the state from the log, up to any event, and
 * shows it. In a child process, as every reading of a log that nobody has
 * checked; may run beside a server.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "engine/engine.h"
#include "storage/guard.h"
#include "storage/recover.h"
#include "tools/commands.h"
#include "tools/options.h"
#include "tools/replay_show.h"

#define USAGE                                                                               \
    "stagepick replay --data DIR [--until SEQ] [--show digest|seats|orders|holds|points]\n" \
    "Rebuilds the state from the log, checking the chain and every event, and shows it\n"   \
    "as it was after event SEQ (the last one, if none is given)."

static void show_digest(const sp_state *state, FILE *to)
{
    uint8_t digest[SP_DIGEST_SIZE];
    char hex[2 * SP_DIGEST_SIZE + 1];
    sp_digest(state, digest);
    sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    fprintf(to, "seq %" PRIu64 " digest %s\n", sp_state_seq(state), hex);
}

static const struct {
    const char *name;
    void (*show)(const sp_state *state, FILE *to);
} shows[] = {
    {"digest", show_digest},  {"seats", sp_show_seats},   {"orders", sp_show_orders},
    {"holds", sp_show_holds}, {"points", sp_show_points},
};
#define SHOWS_COUNT (sizeof shows / sizeof *shows)

typedef struct job {
    const char *dir;
    sp_seq until;
    void (*show)(const sp_state *state, FILE *to);
} job;

static void replay(const job *it, sp_env *env, sp_state *state, sp_finding *finding)
{
    const sp_recover_config config = {.state = state, .until = it->until};
    sp_recover_summary summary;
    if (sp_recover(env, &config, &summary, finding) != SP_STORAGE_OK)
        return;
    if (it->until > summary.head.seq) {
        sp_finding_set(finding, SP_STORAGE_FAILED, 0, "the log ends at event %" PRIu64,
                       summary.head.seq);
        return;
    }
    it->show(state, stdout);
    if (fflush(stdout) != 0)
        sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't write to standard output");
}

static void work(void *context, void *result, sp_finding *finding)
{
    const job *it = context;
    sp_env *env;
    (void)result;
    if (sp_env_open(it->dir, SP_ENV_READ, 0, &env, finding) != SP_STORAGE_OK)
        return;
    sp_state *state = sp_state_create(&sp_limits_default);
    if (state == NULL) {
        sp_finding_set(finding, SP_STORAGE_FAILED, 0, "no address space for the state");
    } else {
        replay(it, env, state, finding);
        sp_state_destroy(state);
    }
    sp_env_close(env);
}

int sp_command_replay(int argc, char **argv)
{
    const char *data[1], *until[1], *show[1] = {"digest"};
    sp_option o[] = {
        {"data", "DIR", "the data directory", data, 1, 0},
        {"until", "SEQ", "last event to apply", until, 1, 0},
        {"show", "WHAT", "digest (default), seats, orders, holds or points", show, 1, 0},
    };
    int code = sp_options_parse(USAGE, o, 3, argc, argv, NULL);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    if (o[0].count == 0) {
        fprintf(stderr, "stagepick: --data DIR is needed\nusage: " USAGE "\n");
        return SP_EXIT_USAGE;
    }
    job it = {.dir = data[0]};
    if (o[1].count > 0 && !sp_option_number(&o[1], 1, INT64_MAX, &it.until))
        return SP_EXIT_USAGE;
    for (size_t i = 0; i < SHOWS_COUNT; i++)
        if (strcmp(show[0], shows[i].name) == 0)
            it.show = shows[i].show;
    if (it.show == NULL) {
        fprintf(stderr, "stagepick: --show takes digest, seats, orders, holds or points, not: %s\n",
                show[0]);
        return SP_EXIT_USAGE;
    }
    sp_finding finding;
    if (sp_guard_run(work, &it, NULL, 0, &finding) != SP_STORAGE_OK)
        fprintf(stderr, "stagepick: %s%s\n",
                finding.status == SP_STORAGE_DAMAGED ? "damaged: " : "", finding.text);
    return (int)finding.status;
}
