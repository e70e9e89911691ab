/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench fill`: makes a data directory to measure a server on, by
 * the same commands as everyone's: users with points (nobody can log in as
 * them), concerts on sale, orders already sold in the sequence of the workload
 * `spread` (so that a load goes on with `--from`), orders sold and cancelled
 * before (a long log with free seats), and on request a file of access tokens,
 * one a line, for other load generators. Runs while the server is stopped.
 */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "bench/fill_batch.h"
#include "bench/load_spread.h"
#include "net/token.h"
#include "storage/token_key.h"
#include "tools/options.h"
#include "tools/runtime.h"

#define DAY_MS (INT64_C(24) * 3600 * 1000)
#define ROW_SIZE 50u
#define PRICE 10
#define USER_POINTS INT64_C(1000000000)
/* The host is a user too: engine/limits.h has room for a million. */
#define USERS_MAX 999999u
#define ORDERS_MAX 20000000u

typedef struct fill {
    const char *dir, *tokens_path; /* NULL: no tokens */
    uint64_t users_count, concerts_count, seats_count, orders_count, churn_count;
    uint64_t hold_seconds, opens_in_s; /* 0: they are open */
    sp_runtime runtime;
    sp_bench_fill_batch batch;
    sp_profile *profiles; /* one a slot: commands borrow them */
    sp_user_id host;
    sp_bench_load_stage stage; /* what was made here */
} fill;

static bool refuse(sp_outcome outcome, const char *limit)
{
    fprintf(stderr, "stagepick: bench fill: %s%s%s\n", sp_outcome_row_of(outcome)->code,
            limit != NULL ? ": " : "", limit != NULL ? limit : "");
    return false;
}

static bool finish(fill *f)
{
    return sp_bench_fill_batch_finish(&f->batch) || refuse(f->batch.refusal, f->batch.limit);
}

static const sp_result *give(fill *f, const sp_command *command)
{
    const sp_result *result = sp_local_give(&f->runtime.local, command);
    if (result->outcome == SP_OK)
        return result;
    refuse(result->outcome, result->outcome == SP_LIMIT_REACHED ? result->refusal.limit : NULL);
    return NULL;
}

/* A profile with a hash that no password has; number is unique in the log. */
static void push_user(fill *f, uint64_t number, sp_role role)
{
    sp_slot *slot = sp_bench_fill_batch_take(&f->batch);
    sp_profile *profile = &f->profiles[sp_bench_fill_batch_index(&f->batch, slot)];
    memset(profile, 0, sizeof *profile);
    profile->email_size = (uint32_t)snprintf(profile->email, sizeof profile->email,
                                             "bench-%08" PRIu64 "@bench.example", number);
    profile->nickname_size =
        (uint32_t)snprintf(profile->nickname, sizeof profile->nickname, "bench");
    snprintf(profile->password_hash, sizeof profile->password_hash, "-");
    slot->command.type = SP_COMMAND_USER_CREATE;
    slot->command.actor = 0;
    slot->command.idempotency.present = false;
    slot->command.user_create.role = role;
    slot->command.user_create.points = USER_POINTS;
    slot->command.user_create.profile = profile;
    sp_bench_fill_batch_push(&f->batch, slot);
}

static bool add_users(fill *f)
{
    uint64_t had = sp_state_users_count(f->runtime.state);
    for (uint64_t i = 0; i <= f->users_count && f->batch.refusal == SP_OK; i++)
        push_user(f, had + i + 1, i == 0 ? SP_ROLE_HOST : SP_ROLE_USER);
    f->host = (sp_user_id)had + 1;
    f->stage.users = (sp_bench_load_range){f->host + 1, (uint32_t)f->users_count};
    return finish(f);
}

/* Of every concert: what its commands borrow. Nothing of it changes but the name. */
typedef struct concert_plan {
    uint32_t row_sizes[SP_SEATS_PER_CONCERT_MAX / ROW_SIZE + 1];
    sp_grade_spec grade;
    sp_concert_spec spec;
} concert_plan;

/* A slot's own. */
typedef struct concert_name {
    char bytes[32];
    sp_concert_spec spec;
} concert_name;

static void plan_concerts(fill *f, sp_category_id category, concert_plan *plan)
{
    sp_time_ms now = sp_clock_now(&f->runtime.clock.clock);
    uint32_t rows_count = 0;
    for (uint64_t left = f->seats_count; left > 0; left -= plan->row_sizes[rows_count++])
        plan->row_sizes[rows_count] = left < ROW_SIZE ? (uint32_t)left : ROW_SIZE;
    plan->grade = (sp_grade_spec){.name = SP_TEXT("R"),
                                  .price = PRICE,
                                  .row_sizes = plan->row_sizes,
                                  .rows_count = rows_count};
    plan->spec = (sp_concert_spec){
        .category = category,
        .description = SP_TEXT(""),
        .image_url = SP_TEXT(""),
        .address = SP_TEXT("Bench Hall"),
        .running_time_min = 60,
        .age_limit = SP_AGE_ZERO,
        .start_date = f->opens_in_s > 0 ? now + (sp_time_ms)f->opens_in_s * 1000 : now - DAY_MS,
        .end_date = now + 300 * DAY_MS,
        .concert_date = now + 301 * DAY_MS,
        .max_seats_per_user = SP_MAX_SEATS_PER_USER_MAX,
        .hold_seconds = (uint32_t)f->hold_seconds,
        .grades = &plan->grade,
        .grades_count = 1,
    };
}

static void push_concert(fill *f, const concert_plan *plan, concert_name *names, sp_concert_id id)
{
    sp_slot *slot = sp_bench_fill_batch_take(&f->batch);
    concert_name *name = &names[sp_bench_fill_batch_index(&f->batch, slot)];
    int size = snprintf(name->bytes, sizeof name->bytes, "Bench %u", id);
    name->spec = plan->spec;
    name->spec.name = (sp_text){name->bytes, (uint32_t)size};
    slot->command.type = SP_COMMAND_CONCERT_CREATE;
    slot->command.actor = f->host;
    slot->command.idempotency.present = false;
    slot->command.concert_create.spec = &name->spec;
    sp_bench_fill_batch_push(&f->batch, slot);
}

static bool push_concerts(fill *f, sp_category_id category)
{
    static concert_plan plan;
    concert_name *names = malloc(SP_BENCH_FILL_SLOTS * sizeof *names);
    if (names == NULL) {
        fprintf(stderr, "stagepick: bench fill: out of memory\n");
        return false;
    }
    plan_concerts(f, category, &plan);
    for (uint32_t i = 0; i < f->stage.concerts.count && f->batch.refusal == SP_OK; i++)
        push_concert(f, &plan, names, f->stage.concerts.first + i);
    bool finished = finish(f);
    free(names);
    return finished;
}

static bool add_concerts(fill *f)
{
    char name[64];
    int size = snprintf(name, sizeof name, "Bench %u", sp_state_categories_count(f->runtime.state));
    sp_command category = {.type = SP_COMMAND_CATEGORY_CREATE};
    category.category_create.name = (sp_text){name, (uint32_t)size};
    if (give(f, &category) == NULL)
        return false;
    f->stage.concerts = (sp_bench_load_range){sp_state_concerts_count(f->runtime.state) + 1,
                                              (uint32_t)f->concerts_count};
    return push_concerts(f, sp_state_categories_count(f->runtime.state));
}

/* The index-th order of the sequence; who ordered. */
static sp_user_id push_order(fill *f, uint64_t index)
{
    sp_bench_load_spread_order order = sp_bench_load_spread_at(&f->stage, index);
    sp_slot *slot = sp_bench_fill_batch_take(&f->batch);
    slot->command.type = SP_COMMAND_ORDER_CREATE;
    slot->command.actor = f->stage.users.first + order.user;
    slot->command.idempotency.present = false;
    slot->command.order_create.concert = f->stage.concerts.first + order.concert;
    slot->command.order_create.amount = SP_AMOUNT_UNSTATED;
    slot->command.order_create.hold = 0;
    slot->command.order_create.job.present = false;
    slot->command.order_create.seats_count = 1;
    slot->command.order_create.seats[0] = order.seat;
    sp_user_id user = slot->command.actor;
    sp_bench_fill_batch_push(&f->batch, slot);
    return user;
}

static void push_cancel(fill *f, sp_order_id order, sp_user_id user)
{
    sp_slot *slot = sp_bench_fill_batch_take(&f->batch);
    slot->command.type = SP_COMMAND_ORDER_CANCEL;
    slot->command.actor = user;
    slot->command.idempotency.present = false;
    slot->command.order_cancel.order = order;
    slot->command.order_cancel.reason = (sp_text){NULL, 0};
    sp_bench_fill_batch_push(&f->batch, slot);
}

/* Orders get their ids in turn, so the next one's is known before it is
 * decided: as long as none is refused, which ends the filling. */
static bool add_orders(fill *f)
{
    uint64_t capacity = sp_bench_load_spread_capacity(&f->stage);
    sp_order_id next = sp_state_orders_count(f->runtime.state) + 1;
    for (uint64_t i = 0; i < f->churn_count && f->batch.refusal == SP_OK; i++) {
        sp_user_id user = push_order(f, i % capacity);
        push_cancel(f, next++, user);
    }
    for (uint64_t i = 0; i < f->orders_count && f->batch.refusal == SP_OK; i++)
        push_order(f, i);
    return finish(f);
}

static bool write_tokens(fill *f, const sp_signing_key *key)
{
    sp_token_signer signer;
    FILE *file = fopen(f->tokens_path, "w");
    bool good = file != NULL && sp_token_signer_init(&signer, key);
    sp_time_ms now = sp_clock_now(&f->runtime.clock.clock);
    for (uint64_t i = 0; good && i < f->users_count; i++) {
        char token[SP_TOKEN_SIZE_MAX];
        uint32_t size = sp_token_sign(&signer, f->stage.users.first + (sp_user_id)i, 0, now, token);
        good = fprintf(file, "%.*s\n", (int)size, token) > 0;
    }
    if (file == NULL || fclose(file) != 0 || !good) {
        fprintf(stderr, "stagepick: %s can not be written\n", f->tokens_path);
        good = false;
    }
    sp_token_signer_close(&signer);
    return good;
}

/* The key is made even if no tokens are asked for: `bench load` makes its own
 * with it, also for servers that are not ours and never open the directory. */
static bool add_tokens(fill *f)
{
    sp_token_key stored;
    sp_signing_key key = {0};
    sp_finding finding;
    if (sp_token_key_load(f->dir, &stored, &finding) != SP_STORAGE_OK) {
        fprintf(stderr, "stagepick: %s\n", finding.text);
        return false;
    }
    memcpy(key.kid, stored.kid, sizeof stored.kid);
    memcpy(key.bytes, stored.secret, sizeof stored.secret);
    bool good = f->tokens_path == NULL || write_tokens(f, &key);
    sodium_memzero(&stored, sizeof stored);
    sodium_memzero(&key, sizeof key);
    return good;
}

static void print_summary(const fill *f)
{
    const sp_bench_load_stage *stage = &f->stage;
    printf("users %u to %u, concerts %u to %u of %u seats, %" PRIu64 " orders, %" PRIu64
           " more cancelled\n",
           stage->users.first, stage->users.first + stage->users.count - 1, stage->concerts.first,
           stage->concerts.first + stage->concerts.count - 1, stage->seats_count, f->orders_count,
           f->churn_count);
    printf("load it with --users %u:%u --concerts %u:%u --seats %u --from %" PRIu64 "\n",
           stage->users.first, stage->users.count, stage->concerts.first, stage->concerts.count,
           stage->seats_count, f->orders_count);
    if (f->tokens_path != NULL)
        printf("tokens good for %d s in %s\n", SP_TOKEN_TTL_S, f->tokens_path);
}

static bool fill_directory(fill *f)
{
    f->profiles = malloc(SP_BENCH_FILL_SLOTS * sizeof *f->profiles);
    if (f->profiles == NULL ||
        !sp_bench_fill_batch_init(&f->batch, f->runtime.sequencer, f->runtime.queue)) {
        fprintf(stderr, "stagepick: bench fill: out of memory\n");
        free(f->profiles);
        return false;
    }
    bool good = add_users(f) && add_concerts(f) && add_orders(f) && add_tokens(f);
    if (good)
        print_summary(f);
    sp_bench_fill_batch_close(&f->batch);
    free(f->profiles);
    return good;
}

/* Before anything is made: what can't be sold is not begun. */
static bool check_counts(const fill *f)
{
    sp_bench_load_stage stage = {.users = {1, (uint32_t)f->users_count},
                                 .concerts = {1, (uint32_t)f->concerts_count},
                                 .seats_count = (uint32_t)f->seats_count};
    char why[256];
    if (f->orders_count > sp_bench_load_spread_capacity(&stage)) {
        sp_bench_load_spread_explain(&stage, why, sizeof why);
        fprintf(stderr, "stagepick: --orders %" PRIu64 " are too many: %s\n", f->orders_count, why);
        return false;
    }
    if (f->orders_count + f->churn_count > ORDERS_MAX) {
        fprintf(stderr, "stagepick: --orders and --churn are more than %u orders together\n",
                ORDERS_MAX);
        return false;
    }
    return true;
}

static int parse(int argc, char **argv, fill *f)
{
    const char *data[1], *tokens[1], *users[1], *concerts[1], *seats[1], *orders[1], *churn[1],
        *hold[1], *opens[1];
    sp_option o[] = {
        {"data", "DIR", "the data directory", data, 1, 0},
        {"tokens", "FILE", "where access tokens go (none)", tokens, 1, 0},
        {"users", "N", "users (1000)", users, 1, 0},
        {"concerts", "N", "concerts (10)", concerts, 1, 0},
        {"seats", "N", "seats a concert (100000)", seats, 1, 0},
        {"orders", "N", "single seats sold, in the order of `bench load` (0)", orders, 1, 0},
        {"churn", "N", "orders sold and cancelled before (0)", churn, 1, 0},
        {"hold-seconds", "S", "how long holds last (300)", hold, 1, 0},
        {"opens-in", "S", "sales open so long after filling (0: they are open)", opens, 1, 0},
    };
    int code = sp_options_parse("stagepick bench fill --data DIR [OPTION]...\n"
                                "Fills a data directory to measure a server on.",
                                o, sizeof o / sizeof o[0], argc, argv, NULL);
    if (code != SP_EXIT_OK)
        return code;
    if (o[0].count == 0) {
        fprintf(stderr, "stagepick: --data DIR is needed\n");
        return SP_EXIT_USAGE;
    }
    if ((o[2].count > 0 && !sp_option_number(&o[2], 1, USERS_MAX, &f->users_count)) ||
        (o[3].count > 0 && !sp_option_number(&o[3], 1, 100000, &f->concerts_count)) ||
        (o[4].count > 0 &&
         !sp_option_number(&o[4], 1, SP_SEATS_PER_CONCERT_MAX, &f->seats_count)) ||
        (o[5].count > 0 && !sp_option_number(&o[5], 0, ORDERS_MAX, &f->orders_count)) ||
        (o[6].count > 0 && !sp_option_number(&o[6], 0, ORDERS_MAX, &f->churn_count)) ||
        (o[7].count > 0 &&
         !sp_option_number(&o[7], SP_HOLD_SECONDS_MIN, SP_HOLD_SECONDS_MAX, &f->hold_seconds)) ||
        (o[8].count > 0 && !sp_option_number(&o[8], 0, 3600, &f->opens_in_s)))
        return SP_EXIT_USAGE;
    if (f->opens_in_s > 0 && f->orders_count + f->churn_count > 0) {
        fprintf(stderr, "stagepick: --opens-in: nothing can be sold before\n");
        return SP_EXIT_USAGE;
    }
    f->dir = data[0];
    f->tokens_path = o[1].count > 0 ? tokens[0] : NULL;
    f->stage.seats_count = (uint32_t)f->seats_count;
    return check_counts(f) ? SP_EXIT_OK : SP_EXIT_USAGE;
}

int sp_bench_fill(int argc, char **argv)
{
    static fill f;
    f = (fill){
        .users_count = 1000, .concerts_count = 10, .seats_count = 100000, .hold_seconds = 300};
    int code = parse(argc, argv, &f);
    if (code != SP_EXIT_OK)
        return code < 0 ? SP_EXIT_OK : code;
    sp_recover_options recover = {0};
    code = sp_runtime_open(&f.runtime, f.dir, SP_BENCH_FILL_SLOTS);
    if (code == SP_EXIT_OK)
        code = sp_runtime_recover(&f.runtime, &recover);
    if (code == SP_EXIT_OK && !fill_directory(&f))
        code = SP_EXIT_FAILED;
    sp_runtime_close(&f.runtime);
    return code;
}
