/* SPDX-License-Identifier: MIT
 *
 * Access tokens for the users of a load, made with the key of the server's
 * data directory: as fresh as the run, since they live 15 minutes, and without
 * a log-in (30 ms of argon2id each) before it.
 *
 * Caveat: whoever can read the key can be anyone. This reads it where `bench
 * fill` made it, beside the running server, and wipes it after use.
 */
#ifndef SP_BENCH_LOAD_TOKENS_H
#define SP_BENCH_LOAD_TOKENS_H

#include <stdbool.h>
#include <stddef.h>

#include "bench/load_workload.h"

typedef struct sp_bench_load_tokens {
    char *texts;      /* one after the other, so that users in turn are read ahead */
    uint32_t *starts; /* count + 1 of them */
    uint32_t count;
} sp_bench_load_tokens;

/* false with a sentence in why. Some 2 µs a user. */
bool sp_bench_load_tokens_make(sp_bench_load_tokens *tokens, const char *dir,
                               sp_bench_load_range users, char *why, size_t why_size);
/* A zeroed one too. */
void sp_bench_load_tokens_close(sp_bench_load_tokens *tokens);

static inline sp_text sp_bench_load_token(const sp_bench_load_tokens *tokens, uint32_t user)
{
    uint32_t start = tokens->starts[user];
    return (sp_text){tokens->texts + start, tokens->starts[user + 1] - start};
}

#endif
