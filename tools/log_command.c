/* SPDX-License-Identifier: MIT
 *
 * stagepick log stat | verify | dump | compact: what a log holds, whether it is
 * whole, every event of it; and its file written anew without what was erased.
 * All read the file in a child process, since a damaged one can crash whoever
 * reads it; all but compact may run beside a server.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <sodium.h>

#include "net/time_text.h"
#include "storage/compact.h"
#include "storage/datadir.h"
#include "tools/commands.h"
#include "tools/log_dump.h"
#include "tools/options.h"

#define USAGE_STAT                    \
    "stagepick log stat --data DIR\n" \
    "Tells what a log holds: who it is, its events by type, its size, its head."
#define USAGE_VERIFY                                                                            \
    "stagepick log verify --data DIR\n"                                                         \
    "Reads everything: the chain over all batches, every event (decoded, admitted and\n"        \
    "applied to an empty state), profiles, sessions, free pages. Exit 0 if all is well, 3 if\n" \
    "anything is damaged. It can't see that whole batches were cut off the end, or that\n"      \
    "somebody who can write the file wrote another history: for that, keep the head\n"          \
    "(seq and chain) that it prints somewhere else and compare."
#define USAGE_DUMP                                            \
    "stagepick log dump --data DIR [--from SEQ] [--to SEQ]\n" \
    "Prints events, one JSON object a line."
#define USAGE_COMPACT                                                                          \
    "stagepick log compact --data DIR\n"                                                       \
    "Writes the log's file anew without its free pages, while no server runs. An erased\n"     \
    "person's e-mail address, nickname and password hash are out of the log at once, but\n"    \
    "their bytes stay in pages that are free until they are written over; after this they\n"   \
    "are gone from the file. The copy is checked as `log verify` does before it takes the\n"   \
    "file's place; a crash at any point leaves a good log. Needs room for a second copy.\n"    \
    "It can't reach what was in the file before and is elsewhere now: backups and snapshots\n" \
    "that were made of it, copies by `cp`, and the old file's blocks on the device, which\n"   \
    "keep their content until they are used again (fstrim, or a file system that is\n"         \
    "encrypted, is the answer to that)."
#define USAGE "stagepick log stat|verify|dump|compact --data DIR ..."

static int report(const sp_finding *finding)
{
    if (finding->status == SP_STORAGE_DAMAGED)
        fprintf(stderr, "stagepick: damaged: %s\n", finding->text);
    else
        fprintf(stderr, "stagepick: %s\n", finding->text);
    return (int)finding->status;
}

static void print_hex(const char *label, const uint8_t *bytes, size_t size, const char *end)
{
    char hex[2 * 32 + 1];
    sodium_bin2hex(hex, sizeof hex, bytes, size);
    printf("%s%s%s", label, hex, end);
}

static void print_time(const char *label, sp_time_ms time)
{
    char text[SP_TIME_TEXT_SIZE];
    sp_time_print(time, text);
    printf("%s%.*s\n", label, (int)sizeof text, text);
}

/* What could not be written was not told. */
static int finish_output(void)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return SP_EXIT_OK;
    fprintf(stderr, "stagepick: can't write to standard output\n");
    return SP_EXIT_FAILED;
}

/* Of the file as it stands: blocks that it has on the disk. */
static uint64_t disk_bytes(const char *dir)
{
    char path[4096];
    struct stat about;
    snprintf(path, sizeof path, "%s/data.mdb", dir);
    return stat(path, &about) == 0 ? (uint64_t)about.st_blocks * 512u : 0;
}

static void print_sizes(const char *dir, const sp_log_report *r)
{
    uint64_t used = (r->side.pages_count - r->side.free_pages_count) * r->side.page_bytes;
    printf("bytes on disk:  %" PRIu64 "\n", disk_bytes(dir));
    printf("bytes in use:   %" PRIu64 " (the rest is free pages, used again)\n", used);
    if (r->summary.events_count == 0)
        return;
    double count = (double)r->summary.events_count;
    printf("bytes an event: %.1f in use, %.1f of them its own\n", (double)used / count,
           (double)r->summary.value_bytes / count);
}

static void print_types(const sp_log_report *r)
{
    for (unsigned type = 0; type < SP_EVENT_TYPES_MAX; type++)
        if (r->events_by_type[type] > 0)
            printf("  %-20s %" PRIu64 "\n", sp_event_name(type), r->events_by_type[type]);
}

static int stat_log(const char *dir)
{
    const sp_log_check_options options = {.decode = true, .side = true};
    sp_log_report r;
    sp_finding finding;
    if (sp_log_check(dir, &options, &r, &finding) != SP_STORAGE_OK)
        return report(&finding);
    print_hex("log id:         ", r.identity.log_id, sizeof r.identity.log_id, "\n");
    printf("format:         %" PRIu64 "\n", r.identity.format);
    print_time("created:        ", r.identity.created_at);
    printf("first seq:      %d\n", r.summary.head.seq > 0 ? 1 : 0);
    printf("last seq:       %" PRIu64 "\n", r.summary.head.seq);
    if (r.summary.head.seq > 0)
        print_time("last time:      ", r.summary.head.time);
    print_hex("chain:          ", r.summary.head.chain, SP_CHAIN_SIZE, "\n");
    printf("batches:        %" PRIu64 "\n", r.summary.batches_count);
    printf("profiles:       %" PRIu64 "\n", r.side.profiles_count);
    print_sizes(dir, &r);
    printf("events:         %" PRIu64 "\n", r.summary.events_count);
    print_types(&r);
    return finish_output();
}

static int verify_log(const char *dir)
{
    const sp_log_check_options options = {
        .limits = &sp_limits_default, .side = true, .lookups = true};
    sp_log_report r;
    sp_finding finding;
    if (sp_log_check(dir, &options, &r, &finding) != SP_STORAGE_OK)
        return report(&finding);
    printf("ok: %" PRIu64 " events, %" PRIu64 " batches, head seq %" PRIu64 " chain ",
           r.summary.events_count, r.summary.batches_count, r.summary.head.seq);
    print_hex("", r.summary.head.chain, SP_CHAIN_SIZE, ", digest ");
    print_hex("", r.digest, SP_DIGEST_SIZE, "\n");
    return finish_output();
}

static int dump_log(const char *dir, const sp_option *from_option, const sp_option *to_option)
{
    uint64_t from = 0, to = 0;
    sp_finding finding;
    if ((from_option->count > 0 && !sp_option_number(from_option, 1, INT64_MAX, &from)) ||
        (to_option->count > 0 && !sp_option_number(to_option, 1, INT64_MAX, &to)))
        return SP_EXIT_USAGE;
    if (to != 0 && to < from) {
        fprintf(stderr, "stagepick: --to is before --from\n");
        return SP_EXIT_USAGE;
    }
    if (sp_log_dump(dir, from, to, &finding) != SP_STORAGE_OK)
        return report(&finding);
    return SP_EXIT_OK;
}

static int compact_log(const char *dir)
{
    sp_datadir held;
    sp_finding finding;
    sp_compact_report r;
    /* Taking the directory would make it. */
    if (!sp_env_exists(dir)) {
        fprintf(stderr, "stagepick: there is no log in %s\n", dir);
        return SP_EXIT_FAILED;
    }
    if (sp_datadir_open(&held, dir, &finding) != SP_STORAGE_OK)
        return report(&finding);
    sp_storage_status status = sp_log_compact(dir, &r, &finding);
    sp_datadir_close(&held);
    if (status != SP_STORAGE_OK)
        return report(&finding);
    printf("ok: %" PRIu64 " bytes, were %" PRIu64 "; head seq %" PRIu64 " chain ", r.bytes_after,
           r.bytes_before, r.log.summary.head.seq);
    print_hex("", r.log.summary.head.chain, SP_CHAIN_SIZE, "\n");
    return finish_output();
}

static const char *usage_of(const char *verb)
{
    return strcmp(verb, "stat") == 0      ? USAGE_STAT
           : strcmp(verb, "verify") == 0  ? USAGE_VERIFY
           : strcmp(verb, "dump") == 0    ? USAGE_DUMP
           : strcmp(verb, "compact") == 0 ? USAGE_COMPACT
                                          : NULL;
}

int sp_command_log(int argc, char **argv)
{
    /* The verb comes first, so that --help can be its own. */
    const char *usage = argc > 1 ? usage_of(argv[1]) : NULL;
    if (usage == NULL) {
        bool help = argc > 1 && strcmp(argv[1], "--help") == 0;
        if (argc > 1 && !help)
            fprintf(stderr, "stagepick: no such log command: %s\n", argv[1]);
        fprintf(help ? stdout : stderr, "usage: " USAGE "\n\n" USAGE_STAT "\n\n" USAGE_VERIFY
                                        "\n\n" USAGE_DUMP "\n\n" USAGE_COMPACT "\n");
        return help ? SP_EXIT_OK : SP_EXIT_USAGE;
    }
    const char *verb = argv[1], *data[1], *from[1], *to[1];
    sp_option o[] = {
        {"data", "DIR", "the data directory", data, 1, 0},
        {"from", "SEQ", "first event", from, 1, 0},
        {"to", "SEQ", "last event", to, 1, 0},
    };
    int first = 0;
    bool is_dump = strcmp(verb, "dump") == 0;
    int code = sp_options_parse(usage, o, is_dump ? 3 : 1, argc - 1, argv + 1, &first);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    if (first != argc - 1 || o[0].count == 0) {
        fprintf(stderr,
                first != argc - 1 ? "stagepick: unexpected argument: %s\n"
                                  : "stagepick: --data %s is needed\n",
                first != argc - 1 ? argv[1 + first] : "DIR");
        fprintf(stderr, "usage: %s\n", usage);
        return SP_EXIT_USAGE;
    }
    if (is_dump)
        return dump_log(data[0], &o[1], &o[2]);
    if (strcmp(verb, "compact") == 0)
        return compact_log(data[0]);
    return strcmp(verb, "stat") == 0 ? stat_log(data[0]) : verify_log(data[0]);
}
