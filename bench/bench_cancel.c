/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench cancel`: how long the sequencer is kept from other sales when a concert
 * with 50,000 orders is cancelled: deciding, noting and applying, and showing it. No
 * queue, no log (the event is of constant size), no socket.
 *
 * Eight halls of 100,000 seats are sold at once: orders of one or two seats, the next
 * always of a random hall, so that an order's row is far from the one before it of the
 * same hall; by buyers who are spread over a million users. Then the halls are cancelled
 * one by one, and the least, middle and most that one took is told. Cold: 256 MiB of
 * other memory are written before each. With holds elsewhere: as many live at other
 * concerts, and a thousand at each hall.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "engine/assert.h"
#include "engine/changes.h"
#include "engine/engine.h"
#include "engine/views.h"
#include "tools/options.h"

#define SEED UINT64_C(0x2545f4914f6cdd1d)
#define START INT64_C(1700000000000)
#define HALLS 8u
#define COLD_BYTES (UINT64_C(256) << 20)

typedef enum phase { DECIDE, APPLY, PUBLISH, WHOLE, PHASES_COUNT } phase;

static const char *const phase_names[PHASES_COUNT] = {"decide", "apply", "publish", "all"};

typedef struct cancelling {
    uint32_t users_count, buyers_count;          /* of each hall */
    uint32_t seats_count, orders_count;          /* likewise */
    uint32_t holds_elsewhere_count, holds_count; /* those of each hall */
    bool cold;
    sp_state *state;
    sp_views *views;
    sp_changes changes;
    sp_bench_random random;
    unsigned char *other_memory;
    uint64_t ns[PHASES_COUNT][HALLS];
} cancelling;

static sp_refusal refusal; /* large, and the same for all */

static sp_event decide(cancelling *c, const sp_command *command, sp_seat *seats)
{
    sp_event event;
    sp_replay replay;
    sp_outcome outcome;
    sp_decision decision =
        sp_decide(c->state, command, START, &event, seats, &replay, &outcome, &refusal);
    SP_ASSERT_CMP(decision, ==, SP_DECISION_EVENT);
    return event;
}

static void give(cancelling *c, const sp_command *command)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_event event = decide(c, command, seats);
    sp_apply(c->state, &event);
}

/* ---- What there is before ---- */

static void make_people(cancelling *c)
{
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    command.user_create.role = SP_ROLE_HOST;
    command.user_create.points = 1000;
    for (uint32_t i = 0; i < c->users_count; i++)
        give(c, &command);
    command = (sp_command){.type = SP_COMMAND_CATEGORY_CREATE};
    command.category_create.name = SP_TEXT("Bench");
    give(c, &command);
}

/* The halls, then as many others as the holds elsewhere need. */
static void make_concerts(cancelling *c)
{
    uint32_t rows[100], others = (c->holds_elsewhere_count + c->seats_count - 1) / c->seats_count;
    sp_grade_spec grade = {SP_TEXT("A"), 1, rows, 100};
    sp_concert_spec spec = {
        .category = 1,
        .name = SP_TEXT("Bench"),
        .age_limit = SP_AGE_ZERO,
        .start_date = START,
        .end_date = SP_TIME_MAX,
        .concert_date = SP_TIME_MAX,
        .max_seats_per_user = SP_MAX_SEATS_PER_USER_MAX,
        .hold_seconds = 300,
        .grades = &grade,
        .grades_count = 1,
    };
    sp_command command = {.type = SP_COMMAND_CONCERT_CREATE};
    for (uint32_t i = 0; i < 100; i++)
        rows[i] = c->seats_count / 100;
    command.concert_create.spec = &spec;
    for (uint32_t i = 0; i < HALLS + others; i++) {
        command.actor = 1 + i;
        give(c, &command);
    }
}

/* One of a hall's buyers, who are spread over all users. */
static sp_user_id some_buyer(cancelling *c)
{
    uint32_t stride = c->users_count / c->buyers_count;
    return 1 + stride * sp_bench_random_below(&c->random, c->buyers_count);
}

/* A hall's seats are sold in turn, one or two at a time. */
static void sell(cancelling *c)
{
    uint32_t sold[HALLS] = {0}, seats[HALLS] = {0}, left = HALLS * c->orders_count;
    sp_command command = {.type = SP_COMMAND_ORDER_CREATE};
    command.order_create.amount = SP_AMOUNT_UNSTATED;
    while (left > 0) {
        uint32_t hall = sp_bench_random_below(&c->random, HALLS);
        if (sold[hall] == c->orders_count)
            continue;
        uint32_t count = 1 + sp_bench_random_below(&c->random, 2);
        command.actor = some_buyer(c);
        command.order_create.concert = hall + 1;
        command.order_create.seats_count = count;
        for (uint32_t i = 0; i < count; i++)
            command.order_create.seats[i] = seats[hall]++;
        give(c, &command);
        sold[hall]++;
        left--;
    }
}

static void hold(cancelling *c, sp_concert_id concert, sp_seat seat)
{
    sp_command command = {.type = SP_COMMAND_HOLD_TAKE, .actor = some_buyer(c)};
    command.hold_take.concert = concert;
    command.hold_take.seats_count = 1;
    command.hold_take.seats[0] = seat;
    give(c, &command);
}

/* Those of the halls among the others. */
static void hold_all(cancelling *c)
{
    uint32_t count = c->holds_elsewhere_count, of_halls = 0;
    for (uint32_t i = 0; i < count; i++) {
        hold(c, HALLS + 1 + i / c->seats_count, i % c->seats_count);
        for (; of_halls < (uint64_t)(i + 1) * HALLS * c->holds_count / count; of_halls++)
            hold(c, 1 + of_halls % HALLS, c->seats_count - 1 - of_halls / HALLS);
    }
}

static bool make(cancelling *c)
{
    sp_limits limits = sp_limits_default;
    limits.holds_max = c->holds_elsewhere_count + HALLS * c->holds_count;
    c->random.state = SEED;
    c->state = sp_state_create(&limits);
    c->views = sp_views_create(&limits, NULL);
    c->other_memory = malloc(COLD_BYTES);
    if (c->state != NULL && c->views != NULL && c->other_memory != NULL &&
        sp_changes_init(&c->changes, 1))
        return true;
    fputs("stagepick bench: out of memory\n", stderr);
    return false;
}

static void unmake(cancelling *c)
{
    sp_changes_close(&c->changes);
    sp_views_destroy(c->views);
    sp_state_destroy(c->state);
    free(c->other_memory);
}

/* ---- Cancelling ---- */

static void cancel(cancelling *c, uint32_t hall)
{
    sp_command command = {.type = SP_COMMAND_CONCERT_CANCEL};
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    uint64_t times[PHASES_COUNT];
    command.actor = command.concert_cancel.concert = hall + 1;
    if (c->cold)
        memset(c->other_memory, (int)hall, COLD_BYTES);
    times[0] = sp_bench_now_ns();
    sp_event event = decide(c, &command, seats);
    times[1] = sp_bench_now_ns();
    sp_changes_clear(&c->changes);
    sp_changes_add(&c->changes, c->state, &event);
    sp_apply(c->state, &event);
    times[2] = sp_bench_now_ns();
    sp_views_publish_event(c->views, c->state, &event);
    sp_views_publish_changes(c->views, c->state, &c->changes);
    sp_views_publish_seq(c->views, event.seq);
    times[3] = sp_bench_now_ns();
    for (uint32_t p = 0; p < WHOLE; p++)
        c->ns[p][hall] = times[p + 1] - times[p];
    c->ns[WHOLE][hall] = times[3] - times[0];
    SP_ASSERT_CMP(event.concert_cancelled.orders_count, ==, c->orders_count);
}

static int compare_ns(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

static void print(sp_bench_figures *figures, cancelling *c)
{
    for (uint32_t p = 0; p < PHASES_COUNT; p++) {
        qsort(c->ns[p], HALLS, sizeof c->ns[p][0], compare_ns);
        sp_bench_figures_row(figures, "%s, %u orders, %u buyers, %u holds elsewhere, %s",
                             phase_names[p], c->orders_count, c->buyers_count,
                             c->holds_elsewhere_count, c->cold ? "cold" : "warm");
        sp_bench_figures_number(figures, "ms_min", "ms", (double)c->ns[p][0] / 1e6, 2);
        sp_bench_figures_number(figures, "ms_p50", "ms p50", (double)c->ns[p][HALLS / 2] / 1e6, 2);
        sp_bench_figures_number(figures, "ms_max", "ms max", (double)c->ns[p][HALLS - 1] / 1e6, 2);
        sp_bench_figures_row_end(figures);
    }
}

static bool bench(sp_bench_figures *figures, cancelling c)
{
    bool made = make(&c);
    if (made) {
        uint8_t digest[SP_DIGEST_SIZE];
        make_people(&c);
        make_concerts(&c);
        sell(&c);
        hold_all(&c);
        sp_views_publish_all(c.views, c.state);
        for (uint32_t hall = 0; hall < HALLS; hall++)
            cancel(&c, hall);
        print(figures, &c);
        sp_digest(c.state, digest);
        sp_bench_figures_hash(figures, digest, sizeof digest);
    }
    unmake(&c);
    return made;
}

int sp_bench_cancel(int argc, char **argv)
{
    enum { TINY, JSON, OPTIONS_COUNT };
    const char *texts[OPTIONS_COUNT] = {NULL};
    sp_option options[OPTIONS_COUNT] = {
        [TINY] = {"tiny", NULL, "a run for tests: small numbers", &texts[TINY], 1, 0},
        [JSON] = {"json", NULL, "print a JSON object a line", &texts[JSON], 1, 0},
    };
    static const cancelling runs[] = {
        {.buyers_count = 50000},
        {.buyers_count = 50000, .cold = true},
        {.buyers_count = 20000, .cold = true},
        {.buyers_count = 50000, .cold = true, .holds_elsewhere_count = 1000000},
    };
    int parsed = sp_options_parse("stagepick bench cancel [OPTION]...\n"
                                  "Cancels concerts with 50,000 orders.",
                                  options, OPTIONS_COUNT, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    sp_bench_figures figures;
    bool tiny = options[TINY].count > 0, done = true;
    uint32_t scale = tiny ? 100 : 1;
    if (!sp_bench_figures_begin(&figures, "cancel",
                                "decide + apply + publish, no log, no socket\nhalls of 100,000 "
                                "seats, 50,000 orders of one or two each, a million users",
                                options[JSON].count > 0, tiny))
        return SP_EXIT_FAILED;
    for (size_t i = 0; i < sizeof runs / sizeof *runs && done; i++) {
        cancelling run = runs[i];
        run.users_count = 1000000 / scale;
        run.buyers_count /= scale;
        run.seats_count = 110000 / scale;
        run.orders_count = 50000 / scale;
        run.holds_elsewhere_count /= scale;
        run.holds_count = 1000 / scale;
        done = bench(&figures, run);
    }
    sp_bench_figures_end(&figures, true);
    return done ? SP_EXIT_OK : SP_EXIT_FAILED;
}
