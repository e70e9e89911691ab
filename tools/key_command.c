/* SPDX-License-Identifier: MIT
 *
 * stagepick key show | rotate: the keys of access tokens. Works beside a running
 * server, which reads them again when it gets SIGHUP (tools/serve_command.c), so
 * neither takes the directory's lock. No secret is ever printed.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "engine/limits.h"
#include "net/time_text.h"
#include "net/token.h"
#include "storage/token_key.h"
#include "tools/commands.h"
#include "tools/options.h"

#define USAGE                                                                                   \
    "stagepick key show --data DIR\n"                                                           \
    "       stagepick key rotate --data DIR [--drop-old]\n"                                     \
    "Shows which keys access tokens are made and checked with, or makes a new one that signs\n" \
    "from now on; the one before it is good until its last token has died. A running server\n"  \
    "takes it up at SIGHUP; send that within a quarter of an hour."

/* Longer than a token lives: the server may hear of the rotation later than the
 * file, signs until then, and keeps a clock of its own (storage/clock.h). */
#define SLACK_MS INT64_C(900000)
#define KEEP_MS (INT64_C(1000) * SP_TOKEN_TTL_S + SLACK_MS)

static void print_keys(const sp_token_keys *keys, sp_time_ms now)
{
    for (uint32_t i = 0; i < keys->count; i++) {
        const sp_token_key *key = &keys->items[i];
        char time_text[SP_TIME_TEXT_SIZE];
        if (i == 0) {
            printf("%s signs\n", key->kid);
            continue;
        }
        bool shown = key->good_until <= SP_TIME_MAX;
        if (shown)
            sp_time_print(key->good_until, time_text);
        printf("%s %s %.*s\n", key->kid, key->good_until > now ? "verifies until" : "ended",
               shown ? (int)sizeof time_text : 0, time_text);
    }
}

int sp_command_key(int argc, char **argv)
{
    const char *data[1], *drop[1];
    sp_option o[] = {
        {"data", "DIR", "the data directory", data, 1, 0},
        {"drop-old", NULL, "rotate: all other keys end at once (one has leaked)", drop, 1, 0},
    };
    int first = 0;
    int code = sp_options_parse(USAGE, o, 2, argc, argv, &first);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    const char *verb = argc - first == 1 ? argv[first] : "";
    bool rotates = strcmp(verb, "rotate") == 0;
    if (!rotates && strcmp(verb, "show") != 0) {
        fprintf(stderr, "stagepick: %s: %s\nusage: " USAGE "\n",
                argc - first > 1 ? "unexpected argument" : "no such key command",
                argc > first ? argv[argc - 1] : "(none)");
        return SP_EXIT_USAGE;
    }
    if (o[0].count == 0) {
        fprintf(stderr, "stagepick: --data DIR is needed\n");
        return SP_EXIT_USAGE;
    }
    sp_token_keys keys;
    sp_finding finding;
    sp_time_ms now = (sp_time_ms)time(NULL) * 1000;
    sp_storage_status status =
        rotates ? sp_token_keys_rotate(data[0], now, o[1].count > 0 ? 0 : KEEP_MS, &keys, &finding)
                : sp_token_keys_read(data[0], &keys, &finding);
    if (status != SP_STORAGE_OK)
        fprintf(stderr, "stagepick: %s\n", finding.text);
    else
        print_keys(&keys, now);
    if (status == SP_STORAGE_OK && rotates)
        fprintf(stderr, "stagepick: a running server takes the new key up at SIGHUP; send it "
                        "within a quarter of an hour\n");
    sodium_memzero(&keys, sizeof keys);
    return (int)status;
}
