/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench fill`: makes a data directory to measure a server on, by
 * the same commands as everyone's: users with points (nobody can log in as
 * them), concerts on sale, and a file of access tokens, one a line, for a load
 * generator. Runs while the server is stopped.
 */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "net/token.h"
#include "storage/token_key.h"
#include "tools/options.h"
#include "tools/runtime.h"

/* Two is enough: the program gives one command at a time. */
#define QUEUE_CAPACITY 2u
#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define ROW_SIZE 50u
#define PRICE 10

typedef struct fill {
    const char *dir, *tokens_path;
    uint64_t users_count, concerts_count, seats_count;
    sp_runtime runtime;
} fill;

static const sp_result *give(fill *f, const sp_command *command)
{
    const sp_result *result = sp_local_give(&f->runtime.local, command);
    if (result->outcome == SP_OK)
        return result;
    fprintf(stderr, "stagepick: bench fill: %s\n", sp_outcome_row_of(result->outcome)->code);
    return NULL;
}

/* A profile with a hash that no password has. */
static bool add_user(fill *f, uint64_t number, sp_role role)
{
    sp_profile profile = {0};
    profile.email_size = (uint32_t)snprintf(profile.email, sizeof profile.email,
                                            "bench-%" PRIu64 "-%u@bench.example", number,
                                            sp_state_users_count(f->runtime.state));
    profile.nickname_size = (uint32_t)snprintf(profile.nickname, sizeof profile.nickname, "bench");
    snprintf(profile.password_hash, sizeof profile.password_hash, "-");
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    command.user_create.role = role;
    command.user_create.points = INT64_C(1000000000);
    command.user_create.profile = &profile;
    return give(f, &command) != NULL;
}

static bool add_concert(fill *f, sp_user_id host, sp_category_id category, sp_time_ms now)
{
    static uint32_t row_sizes[SP_SEATS_PER_CONCERT_MAX / ROW_SIZE + 1];
    uint32_t rows_count = (uint32_t)((f->seats_count + ROW_SIZE - 1) / ROW_SIZE);
    for (uint32_t i = 0; i < rows_count; i++)
        row_sizes[i] = ROW_SIZE;
    sp_grade_spec grade = {
        .name = SP_TEXT("R"), .price = PRICE, .row_sizes = row_sizes, .rows_count = rows_count};
    sp_concert_spec spec = {
        .category = category,
        .name = SP_TEXT("Bench"),
        .description = SP_TEXT(""),
        .image_url = SP_TEXT(""),
        .address = SP_TEXT("Bench Hall"),
        .running_time_min = 60,
        .age_limit = SP_AGE_ZERO,
        .start_date = now - DAY_MS,
        .end_date = now + 300 * DAY_MS,
        .concert_date = now + 301 * DAY_MS,
        .max_seats_per_user = SP_MAX_SEATS_PER_USER_MAX,
        .hold_seconds = 300,
        .grades = &grade,
        .grades_count = 1,
    };
    sp_command command = {.type = SP_COMMAND_CONCERT_CREATE, .actor = host};
    command.concert_create.spec = &spec;
    return give(f, &command) != NULL;
}

static bool write_tokens(fill *f, sp_user_id first)
{
    sp_token_key stored;
    sp_finding finding;
    if (sp_token_key_load(f->dir, &stored, &finding) != SP_STORAGE_OK) {
        fprintf(stderr, "stagepick: %s\n", finding.text);
        return false;
    }
    sp_signing_key key = {0};
    memcpy(key.kid, stored.kid, sizeof stored.kid);
    memcpy(key.bytes, stored.secret, sizeof stored.secret);
    sp_token_signer signer;
    FILE *file = fopen(f->tokens_path, "w");
    bool good = file != NULL && sp_token_signer_init(&signer, &key);
    sp_time_ms now = sp_clock_now(&f->runtime.clock.clock);
    for (uint64_t i = 0; good && i < f->users_count; i++) {
        char token[SP_TOKEN_SIZE_MAX];
        uint32_t size = sp_token_sign(&signer, first + (sp_user_id)i, now, token);
        good = fprintf(file, "%.*s\n", (int)size, token) > 0;
    }
    if (file == NULL || fclose(file) != 0 || !good) {
        fprintf(stderr, "stagepick: %s can not be written\n", f->tokens_path);
        good = false;
    }
    sp_token_signer_close(&signer);
    sodium_memzero(&stored, sizeof stored);
    sodium_memzero(&key, sizeof key);
    return good;
}

static bool fill_directory(fill *f)
{
    sp_time_ms now = sp_clock_now(&f->runtime.clock.clock);
    if (!add_user(f, 0, SP_ROLE_HOST))
        return false;
    sp_user_id host = sp_state_users_count(f->runtime.state), first = host + 1;
    char name[64];
    int size = snprintf(name, sizeof name, "Bench %u", sp_state_categories_count(f->runtime.state));
    sp_command category = {.type = SP_COMMAND_CATEGORY_CREATE};
    category.category_create.name = (sp_text){name, (uint32_t)size};
    if (give(f, &category) == NULL)
        return false;
    for (uint64_t i = 0; i < f->users_count; i++)
        if (!add_user(f, i + 1, SP_ROLE_USER))
            return false;
    sp_concert_id first_concert = sp_state_concerts_count(f->runtime.state) + 1;
    for (uint64_t i = 0; i < f->concerts_count; i++)
        if (!add_concert(f, host, sp_state_categories_count(f->runtime.state), now))
            return false;
    printf("users %u to %u, concerts %u to %u of %" PRIu64 " seats, tokens good for %d s in %s\n",
           first, sp_state_users_count(f->runtime.state), first_concert,
           sp_state_concerts_count(f->runtime.state), f->seats_count, SP_TOKEN_TTL_S,
           f->tokens_path);
    return write_tokens(f, first);
}

int sp_bench_fill(int argc, char **argv)
{
    const char *data[1], *tokens[1], *users[1], *concerts[1], *seats[1];
    sp_option o[] = {
        {"data", "DIR", "the data directory", data, 1, 0},
        {"tokens", "FILE", "where the access tokens go", tokens, 1, 0},
        {"users", "N", "users (1000)", users, 1, 0},
        {"concerts", "N", "concerts (10)", concerts, 1, 0},
        {"seats", "N", "seats a concert (100000)", seats, 1, 0},
    };
    int code = sp_options_parse("stagepick bench fill --data DIR --tokens FILE [OPTION]...\n"
                                "Fills a data directory to measure a server on.",
                                o, 5, argc, argv, NULL);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    static fill f = {.users_count = 1000, .concerts_count = 10, .seats_count = 100000};
    if (o[0].count == 0 || o[1].count == 0) {
        fprintf(stderr, "stagepick: --data DIR and --tokens FILE are needed\n");
        return SP_EXIT_USAGE;
    }
    if ((o[2].count > 0 && !sp_option_number(&o[2], 1, 1000000, &f.users_count)) ||
        (o[3].count > 0 && !sp_option_number(&o[3], 1, 10000, &f.concerts_count)) ||
        (o[4].count > 0 && !sp_option_number(&o[4], 1, SP_SEATS_PER_CONCERT_MAX, &f.seats_count)))
        return SP_EXIT_USAGE;
    f.dir = data[0];
    f.tokens_path = tokens[0];
    sp_recover_options recover = {0};
    code = sp_runtime_open(&f.runtime, f.dir, QUEUE_CAPACITY);
    if (code == SP_EXIT_OK)
        code = sp_runtime_recover(&f.runtime, &recover);
    if (code == SP_EXIT_OK && !fill_directory(&f))
        code = SP_EXIT_FAILED;
    sp_runtime_close(&f.runtime);
    return code;
}
