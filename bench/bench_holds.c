/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench holds`: what it costs to take, extend, release, buy and end a
 * hold, while a thousand, a hundred thousand or a million live. Decided and applied;
 * no queue, no log, no socket.
 *
 * Holds of one seat, by random users at random concerts of 10 million seats. The clock
 * goes on by an eighth of a hold's length a round: what is due meanwhile ends, new ones
 * come for those that have gone, an eighth of all is extended, at random, and as many
 * are released and bought. So ages are mixed, and deadlines are in no order.
 * Commands come in batches that are prefetched, as the sequencer has them; only
 * prefetching, deciding and applying are measured.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "engine/assert.h"
#include "engine/engine.h"
#include "tools/options.h"

#define SEED UINT64_C(0x2545f4914f6cdd1d)
#define BATCH SP_PREFETCH_BATCH
#define START INT64_C(1700000000000)
#define HOLD_SECONDS 300u
#define ROUND_MS (HOLD_SECONDS * INT64_C(1000) / 8)
#define POINTS_EACH INT64_C(1000000)

typedef enum operation { TAKE, EXTEND, RELEASE, BUY, EXPIRE, OPERATIONS_COUNT } operation;

static const char *const operation_names[OPERATIONS_COUNT] = {"take", "extend", "release", "buy",
                                                              "expire"};

typedef struct figure {
    uint64_t ns, count;
} figure;

typedef struct living_hold {
    sp_hold_id id;
    uint32_t seat; /* of all concerts */
    sp_user_id user;
    sp_time_ms extended_last; /* it can be extended until it ends then */
} living_hold;

typedef struct drop {
    uint32_t users_count, concerts_count, seats_count; /* of each concert */
    uint32_t living_max;
    sp_state *state;
    sp_time_ms now;
    sp_bench_random random;
    living_hold *living;
    uint32_t living_count;
    uint32_t *place_of; /* in living, by the low bits of the id */
    uint32_t mask;
    uint32_t *free_seats; /* a ring of all seats: those that are free, from `first` on */
    uint32_t first, free_count;
    figure figures[OPERATIONS_COUNT];
} drop;

static sp_refusal refusal; /* large, and the same for all */

static uint32_t seats_of_all(const drop *d)
{
    return d->concerts_count * d->seats_count;
}

/* --- what lives, and what is free --- */

static void seat_put(drop *d, uint32_t seat)
{
    d->free_seats[(d->first + (uint64_t)d->free_count++) % seats_of_all(d)] = seat;
}

static uint32_t seat_get(drop *d)
{
    SP_ASSERT_CMP(d->free_count, >, 0);
    uint32_t seat = d->free_seats[d->first];
    d->first = (d->first + 1) % seats_of_all(d);
    d->free_count--;
    return seat;
}

static void living_put(drop *d, living_hold hold)
{
    d->place_of[hold.id & d->mask] = d->living_count;
    d->living[d->living_count++] = hold;
}

static living_hold living_remove(drop *d, sp_hold_id id)
{
    uint32_t place = d->place_of[id & d->mask];
    living_hold hold = d->living[place];
    SP_ASSERT_CMP(hold.id, ==, id);
    d->living[place] = d->living[--d->living_count];
    d->place_of[d->living[place].id & d->mask] = place;
    return hold;
}

/* --- operations --- */

static sp_event decide_apply(drop *d, const sp_command *command, sp_seat *seats)
{
    sp_event event;
    sp_replay replay;
    sp_outcome outcome;
    sp_decision decision =
        sp_decide(d->state, command, d->now, &event, seats, &replay, &outcome, &refusal);
    SP_ASSERT_CMP(decision, ==, SP_DECISION_EVENT);
    sp_apply(d->state, &event);
    return event;
}

/* A batch of one kind, measured; the holds of new ones are put into `made`. */
static void run_batch(drop *d, operation kind, const sp_command *commands, uint32_t count,
                      sp_hold_id *made)
{
    const sp_command *list[BATCH];
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    for (uint32_t i = 0; i < count; i++)
        list[i] = &commands[i];
    uint64_t begin = sp_bench_now_ns();
    sp_prefetch_commands(d->state, list, count);
    for (uint32_t i = 0; i < count; i++) {
        sp_event event = decide_apply(d, list[i], seats);
        if (kind == TAKE)
            made[i] = event.hold_taken.hold;
    }
    d->figures[kind].ns += sp_bench_now_ns() - begin;
    d->figures[kind].count += count;
}

/* What is due by now, as before every batch. */
static void expire(drop *d)
{
    sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX];
    sp_event event;
    for (;;) {
        uint64_t begin = sp_bench_now_ns();
        if (!sp_decide_expiry(d->state, d->now, ids, &event))
            return;
        sp_apply(d->state, &event);
        d->figures[EXPIRE].ns += sp_bench_now_ns() - begin;
        d->figures[EXPIRE].count += event.holds_expired.holds_count;
        for (uint32_t i = 0; i < event.holds_expired.holds_count; i++)
            seat_put(d, living_remove(d, ids[i]).seat);
    }
}

static sp_command commands[BATCH]; /* zero but for what is set here */

/* Up to `count` new ones, each batch a little later than the one before. */
static void take(drop *d, uint32_t count)
{
    living_hold holds[BATCH];
    sp_hold_id made[BATCH];
    sp_time_ms from = d->now;
    for (uint32_t at = 0, n; at < count; at += n) {
        n = count - at < BATCH ? count - at : BATCH;
        for (uint32_t i = 0; i < n; i++) {
            holds[i].seat = seat_get(d);
            holds[i].user = sp_bench_random_below(&d->random, d->users_count) + 1;
            commands[i].type = SP_COMMAND_HOLD_TAKE;
            commands[i].actor = holds[i].user;
            commands[i].hold_take.concert = holds[i].seat / d->seats_count + 1;
            commands[i].hold_take.best_count = 0;
            commands[i].hold_take.seats_count = 1;
            commands[i].hold_take.seats[0] = holds[i].seat % d->seats_count;
        }
        d->now = from + (sp_time_ms)((uint64_t)at * ROUND_MS / count);
        expire(d);
        run_batch(d, TAKE, commands, n, made);
        for (uint32_t i = 0; i < n; i++) {
            holds[i].id = made[i];
            holds[i].extended_last =
                d->now + (SP_HOLD_EXTENSION_FACTOR - 1) * HOLD_SECONDS * INT64_C(1000);
            living_put(d, holds[i]);
        }
    }
}

/* A random one that lives and (if it is to be extended) can be. It is taken out of the
 * living, so that no batch has one twice. */
static living_hold pick(drop *d, bool extend)
{
    for (;;) {
        uint32_t place = sp_bench_random_below(&d->random, d->living_count);
        if (!extend || d->living[place].extended_last > d->now)
            return living_remove(d, d->living[place].id);
    }
}

static void change(drop *d, operation kind, uint32_t count)
{
    living_hold holds[BATCH];
    for (uint32_t at = 0, n; at < count; at += n) {
        n = count - at < BATCH ? count - at : BATCH;
        for (uint32_t i = 0; i < n; i++) {
            holds[i] = pick(d, kind == EXTEND);
            commands[i].actor = holds[i].user;
            if (kind == BUY) {
                commands[i].type = SP_COMMAND_ORDER_CREATE;
                commands[i].order_create.hold = holds[i].id;
                commands[i].order_create.amount = SP_AMOUNT_UNSTATED;
                commands[i].order_create.job.present = false;
            } else {
                commands[i].type =
                    kind == EXTEND ? SP_COMMAND_HOLD_EXTEND : SP_COMMAND_HOLD_RELEASE;
                commands[i].hold_extend.hold = holds[i].id;
            }
        }
        run_batch(d, kind, commands, n, NULL);
        for (uint32_t i = 0; i < n; i++) {
            if (kind == EXTEND)
                living_put(d, holds[i]);
            else if (kind == RELEASE)
                seat_put(d, holds[i].seat);
        }
    }
}

/* --- a run --- */

static void stage(drop *d)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_grade_spec grade = {SP_TEXT("A"), 1, &d->seats_count, 1};
    sp_concert_spec spec = {
        .category = 1,
        .name = SP_TEXT("Bench"),
        .age_limit = SP_AGE_ZERO,
        .start_date = START,
        .end_date = SP_TIME_MAX,
        .concert_date = SP_TIME_MAX,
        .max_seats_per_user = SP_MAX_SEATS_PER_USER_MAX,
        .hold_seconds = HOLD_SECONDS,
        .grades = &grade,
        .grades_count = 1,
    };
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    command.user_create.role = SP_ROLE_HOST;
    command.user_create.points = POINTS_EACH;
    for (uint32_t i = 0; i < d->users_count; i++)
        decide_apply(d, &command, seats);
    command = (sp_command){.type = SP_COMMAND_CATEGORY_CREATE};
    command.category_create.name = SP_TEXT("Bench");
    decide_apply(d, &command, seats);
    command = (sp_command){.type = SP_COMMAND_CONCERT_CREATE};
    command.concert_create.spec = &spec;
    for (uint32_t i = 0; i < d->concerts_count; i++) {
        command.actor = i % d->users_count + 1;
        decide_apply(d, &command, seats);
    }
    /* All seats in a scattered order. */
    for (uint32_t i = 0; i < seats_of_all(d); i++)
        seat_put(d, i);
    for (uint32_t i = seats_of_all(d) - 1; i > 0; i--) {
        uint32_t other = sp_bench_random_below(&d->random, i + 1), seat = d->free_seats[i];
        d->free_seats[i] = d->free_seats[other];
        d->free_seats[other] = seat;
    }
}

static bool make(drop *d)
{
    sp_limits limits = sp_limits_default;
    uint32_t rows = 2;
    while (rows < 2 * d->living_max) /* as the engine's ring: no two that live share one */
        rows *= 2;
    limits.holds_max = d->living_max;
    d->mask = rows - 1;
    d->now = START;
    d->random.state = SEED;
    d->state = sp_state_create(&limits);
    d->living = malloc(d->living_max * sizeof *d->living);
    d->place_of = malloc(rows * sizeof *d->place_of);
    d->free_seats = malloc(seats_of_all(d) * sizeof *d->free_seats);
    if (d->state != NULL && d->living != NULL && d->place_of != NULL && d->free_seats != NULL)
        return true;
    fputs("stagepick bench: out of memory\n", stderr);
    return false;
}

static void unmake(drop *d)
{
    sp_state_destroy(d->state);
    free(d->living);
    free(d->place_of);
    free(d->free_seats);
}

static void play(drop *d, uint32_t rounds)
{
    /* Until the ages are mixed nothing is kept of the figures. */
    for (uint32_t round = 0; round < 8 + rounds; round++) {
        sp_time_ms next = START + (round + 1) * ROUND_MS;
        if (round == 8)
            memset(d->figures, 0, sizeof d->figures);
        expire(d);
        take(d, d->living_max - d->living_count);
        change(d, EXTEND, d->living_max / 8);
        change(d, RELEASE, d->living_max / 16);
        change(d, BUY, d->living_max / 16);
        SP_ASSERT_CMP(d->now, <, next);
        d->now = next;
    }
}

static void print(sp_bench_figures *figures, const drop *d)
{
    for (operation kind = TAKE; kind < OPERATIONS_COUNT; kind++) {
        double count = (double)d->figures[kind].count, ns = (double)d->figures[kind].ns;
        sp_bench_figures_row(figures, "%s, %u living", operation_names[kind], d->living_max);
        sp_bench_figures_number(figures, "holds_per_s", "holds/s", count * 1e9 / ns, 0);
        sp_bench_figures_number(figures, "ns_per_hold", "ns/hold", ns / count, 1);
        sp_bench_figures_row_end(figures);
    }
}

static bool bench(sp_bench_figures *figures, uint32_t living_max, uint32_t rounds)
{
    drop d = {.users_count = figures->tiny ? 1000 : 1000000,
              .concerts_count = figures->tiny ? 10 : 1000,
              .seats_count = figures->tiny ? 1000 : 10000,
              .living_max = living_max};
    bool made = make(&d);
    if (made) {
        uint8_t digest[SP_DIGEST_SIZE];
        stage(&d);
        play(&d, rounds);
        print(figures, &d);
        SP_ASSERT_CMP(sp_state_holds_count(d.state), ==, d.living_count);
        sp_digest(d.state, digest);
        sp_bench_figures_hash(figures, digest, sizeof digest);
    }
    unmake(&d);
    return made;
}

int sp_bench_holds(int argc, char **argv)
{
    enum { TINY, JSON, OPTIONS_COUNT };
    const char *texts[OPTIONS_COUNT] = {NULL};
    sp_option options[OPTIONS_COUNT] = {
        [TINY] = {"tiny", NULL, "a run for tests: small numbers", &texts[TINY], 1, 0},
        [JSON] = {"json", NULL, "print a JSON object a line", &texts[JSON], 1, 0},
    };
    static const uint32_t living[] = {1000, 100000, 1000000}, rounds[] = {2000, 32, 6};
    int parsed = sp_options_parse("stagepick bench holds [OPTION]...\n"
                                  "Takes, extends, releases, buys and ends holds.",
                                  options, OPTIONS_COUNT, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    sp_bench_figures figures;
    bool tiny = options[TINY].count > 0, done = true;
    if (!sp_bench_figures_begin(&figures, "holds",
                                "decide + apply, no log, no socket\nholds of one seat, random "
                                "users, concerts and ages",
                                options[JSON].count > 0, tiny))
        return SP_EXIT_FAILED;
    for (int i = 0; i < 3 && done; i++)
        done = bench(&figures, tiny ? living[i] / 1000 * 16 / (i ? 10 : 1) : living[i],
                     tiny ? 2 : rounds[i]);
    sp_bench_figures_end(&figures, true);
    return done ? SP_EXIT_OK : SP_EXIT_FAILED;
}
