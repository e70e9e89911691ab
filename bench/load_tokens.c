/* SPDX-License-Identifier: MIT */
#include "bench/load_tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <sodium.h>

#include "engine/assert.h"
#include "net/token.h"
#include "storage/token_key.h"

/* A token of this server has some 230 bytes; 4 GiB are 18 million of them. */
static bool reserve(sp_bench_load_tokens *tokens, size_t *capacity, size_t size)
{
    if (*capacity - size >= SP_TOKEN_SIZE_MAX)
        return true;
    size_t grown = *capacity * 2 + SP_TOKEN_SIZE_MAX;
    char *texts = grown <= UINT32_MAX ? realloc(tokens->texts, grown) : NULL;
    if (texts == NULL)
        return false;
    tokens->texts = texts;
    *capacity = grown;
    return true;
}

static bool sign_all(sp_bench_load_tokens *tokens, const sp_token_signer *signer,
                     sp_bench_load_range users)
{
    sp_time_ms now = (sp_time_ms)time(NULL) * 1000;
    size_t capacity = 0, size = 0;
    tokens->starts = malloc(((size_t)users.count + 1) * sizeof *tokens->starts);
    if (tokens->starts == NULL)
        return false;
    for (uint32_t i = 0; i < users.count; i++) {
        if (!reserve(tokens, &capacity, size))
            return false;
        tokens->starts[i] = (uint32_t)size;
        size += sp_token_sign(signer, users.first + i, 0, now, tokens->texts + size);
    }
    tokens->starts[users.count] = (uint32_t)size;
    tokens->count = users.count;
    return true;
}

/* The server made the key at its first start; here none is ever made. */
static bool load_key(const char *dir, sp_signing_key *key, char *why, size_t why_size)
{
    char path[4096];
    sp_token_key stored;
    sp_finding finding;
    snprintf(path, sizeof path, "%s/token.key", dir);
    if (access(path, F_OK) != 0) {
        snprintf(why, why_size, "%s has no token.key: is it the server's data directory?", dir);
        return false;
    }
    if (sp_token_key_load(dir, &stored, &finding) != SP_STORAGE_OK) {
        snprintf(why, why_size, "%s", finding.text);
        return false;
    }
    _Static_assert(sizeof stored.kid <= sizeof key->kid, "the kid fits");
    _Static_assert(sizeof stored.secret == sizeof key->bytes, "the secret fits");
    memset(key, 0, sizeof *key);
    memcpy(key->kid, stored.kid, sizeof stored.kid);
    memcpy(key->bytes, stored.secret, sizeof stored.secret);
    sodium_memzero(&stored, sizeof stored);
    return true;
}

bool sp_bench_load_tokens_make(sp_bench_load_tokens *tokens, const char *dir,
                               sp_bench_load_range users, char *why, size_t why_size)
{
    sp_signing_key key;
    sp_token_signer signer;
    memset(tokens, 0, sizeof *tokens);
    if (sodium_init() < 0 || !load_key(dir, &key, why, why_size))
        return false;
    bool good = sp_token_signer_init(&signer, &key);
    SP_ASSERT(good); /* the kid is hex: storage has checked it */
    good = sign_all(tokens, &signer, users);
    if (!good)
        snprintf(why, why_size, "not enough memory for %u tokens", users.count);
    sp_token_signer_close(&signer);
    sodium_memzero(&key, sizeof key);
    return good;
}

void sp_bench_load_tokens_close(sp_bench_load_tokens *tokens)
{
    free(tokens->texts);
    free(tokens->starts);
    memset(tokens, 0, sizeof *tokens);
}
