/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench engine`: how fast the core sells. Single-seat orders of
 * random users at random concerts, each decided and applied; no queue, no log,
 * no socket. Every order succeeds, and every concert's seats are sold in a
 * scattered order, so nothing is found in the cache by luck. What real drops
 * have and this has not: one hot concert (faster), refusals (faster), orders
 * of several seats (slower by order, faster by seat).
 *
 * The same orders run twice on fresh states: one by one, and with sp_prefetch
 * over batches, as the sequencer does it. Both must give one digest.
 */
#include "bench/bench.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

#include "engine/assert.h"
#include "engine/engine.h"
#include "tools/options.h"
#include "tools/version.h"

#define BATCH 64u
#define PRICE 100
#define START_TIME INT64_C(1700000000000)

typedef struct workload {
    uint32_t users_count, concerts_count, seats_count, orders_count;
} workload;

/* One order to come; made before the clock starts. */
typedef struct planned {
    sp_user_id user;
    sp_concert_id concert;
    sp_seat seat;
} planned;

typedef struct run {
    double seconds, kernel_seconds; /* of the wall; of it, in the kernel */
    uint64_t refused_count;
    uint8_t digest[SP_DIGEST_SIZE];
    sp_state_usage usage;
} run;

static uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* A step that visits every seat once, far from the one before. */
static uint32_t stride_of(uint32_t seats_count)
{
    uint32_t stride = seats_count / 2 + seats_count / 8 + 1;
    while (gcd(stride, seats_count) != 1)
        stride++;
    return stride;
}

static bool plan_make(const workload *load, planned *plan)
{
    sp_bench_random random = {UINT64_C(0x9e3779b97f4a7c15)};
    uint32_t stride = stride_of(load->seats_count);
    uint32_t *sold = calloc(load->concerts_count, sizeof(*sold));
    if (!sold)
        return false;

    for (uint32_t i = 0; i < load->orders_count; i++) {
        uint32_t concert = sp_bench_random_below(&random, load->concerts_count);
        while (sold[concert] == load->seats_count) /* orders <= all seats */
            concert = (concert + 1) % load->concerts_count;
        uint64_t nth = sold[concert]++;
        plan[i] = (planned){
            .user = sp_bench_random_below(&random, load->users_count) + 1,
            .concert = concert + 1,
            .seat = (sp_seat)(nth * stride % load->seats_count),
        };
    }
    free(sold);
    return true;
}

static sp_decision decide_apply(sp_state *state, const sp_command *command)
{
    static sp_refusal refusal; /* large, and the same for all */
    sp_event event;
    sp_replay replay;
    sp_outcome outcome;

    sp_decision decision =
        sp_decide(state, command, START_TIME, &event, &replay, &outcome, &refusal);
    if (decision == SP_DECISION_EVENT)
        sp_apply(state, &event);
    return decision;
}

static void must_apply(sp_state *state, const sp_command *command)
{
    SP_ASSERT_CMP(decide_apply(state, command), ==, SP_DECISION_EVENT);
}

/* The users with points for all they may buy, hosts being the first of them. */
static void stage_set(sp_state *state, const workload *load)
{
    sp_command command = {.type = SP_COMMAND_USER_CREATE};
    command.user_create.role = SP_ROLE_HOST;
    command.user_create.points = INT64_C(1000000000);
    for (uint32_t i = 0; i < load->users_count; i++)
        must_apply(state, &command);

    command = (sp_command){.type = SP_COMMAND_CATEGORY_CREATE};
    command.category_create.name = SP_TEXT("Bench");
    must_apply(state, &command);

    sp_grade_spec grade = {SP_TEXT("A"), PRICE, &load->seats_count, 1};
    sp_concert_spec spec = {
        .category = 1,
        .name = SP_TEXT("Bench"),
        .age_limit = SP_AGE_ZERO,
        .start_date = START_TIME,
        .end_date = START_TIME + 1,
        .concert_date = START_TIME + 1,
        .max_seats_per_user = SP_MAX_SEATS_PER_USER_MAX,
        .hold_seconds = 300,
        .grades = &grade,
        .grades_count = 1,
    };
    command = (sp_command){.type = SP_COMMAND_CONCERT_CREATE};
    command.concert_create.spec = &spec;
    for (uint32_t i = 0; i < load->concerts_count; i++) {
        command.actor = i % load->users_count + 1;
        must_apply(state, &command);
    }
}

static void command_fill(sp_command *command, const planned *order)
{
    command->actor = order->user;
    command->order_create.concert = order->concert;
    command->order_create.seats[0] = order->seat;
}

static uint64_t sell(sp_state *state, const workload *load, const planned *plan, bool prefetch)
{
    static sp_command commands[BATCH];
    uint64_t refused_count = 0;

    for (uint32_t i = 0; i < BATCH; i++) {
        commands[i] = (sp_command){.type = SP_COMMAND_ORDER_CREATE};
        commands[i].order_create.amount = SP_AMOUNT_UNSTATED;
        commands[i].order_create.seats_count = 1;
    }
    for (uint32_t at = 0; at < load->orders_count; at += BATCH) {
        uint32_t left = load->orders_count - at;
        uint32_t count = left < BATCH ? left : BATCH;
        for (uint32_t i = 0; i < count; i++) {
            command_fill(&commands[i], &plan[at + i]);
            if (prefetch)
                sp_prefetch(state, &commands[i]);
        }
        for (uint32_t i = 0; i < count; i++)
            refused_count += decide_apply(state, &commands[i]) != SP_DECISION_EVENT;
    }
    return refused_count;
}

/* The engine makes no system call; what the kernel takes is the first touch of
 * each page, which a running server has paid once. On a virtual machine it can
 * be most of the time, so it is shown apart. */
static double kernel_seconds(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_stime.tv_sec + (double)usage.ru_stime.tv_usec / 1e6;
}

static bool run_once(const workload *load, const planned *plan, bool prefetch, run *out)
{
    sp_limits limits = sp_limits_default;
    limits.users_max = load->users_count;
    limits.concerts_max = load->concerts_count;
    limits.grades_max = load->concerts_count;
    limits.rows_max = load->concerts_count;
    limits.seats_max = load->concerts_count * load->seats_count;
    limits.orders_max = load->orders_count;

    sp_state *state = sp_state_create(&limits);
    if (!state) {
        fputs("stagepick bench: no memory for the state\n", stderr);
        return false;
    }
    stage_set(state, load);
    double kernel_from = kernel_seconds();
    uint64_t from_ns = sp_bench_now_ns();
    out->refused_count = sell(state, load, plan, prefetch);
    out->seconds = (double)(sp_bench_now_ns() - from_ns) / 1e9;
    out->kernel_seconds = kernel_seconds() - kernel_from;
    sp_state_usage_of(state, &out->usage);
    sp_digest(state, out->digest);
    sp_state_destroy(state);
    return true;
}

/* The kernel's share comes from a clock of ticks: too coarse for a tiny run. */
#define SHARE_FROM_SECONDS 0.2

static void run_print(const char *name, const workload *load, const run *done)
{
    double own_seconds = done->seconds - done->kernel_seconds;

    printf("%-18s %9.0f orders/s, %5.1f ns/order", name, load->orders_count / done->seconds,
           done->seconds * 1e9 / load->orders_count);
    if (done->seconds >= SHARE_FROM_SECONDS && own_seconds > 0)
        printf(" (first touch of memory %.1f ns; without it %.0f orders/s)",
               done->kernel_seconds * 1e9 / load->orders_count, load->orders_count / own_seconds);
    putchar('\n');
}

static double per(uint64_t bytes, uint64_t count)
{
    return (double)bytes / (double)count;
}

static void usage_print(const workload *load, const run *done)
{
    const sp_state_usage *usage = &done->usage;
    uint64_t seats_count = (uint64_t)load->concerts_count * load->seats_count;

    printf("memory             %.1f bytes/order, %.1f bytes/seat, %.1f bytes/user (+ %.1f of "
           "caps for %.1f orders each)\n",
           per(usage->orders_bytes, load->orders_count), per(usage->seats_bytes, seats_count),
           per(usage->users_bytes, load->users_count), per(usage->caps_bytes, load->users_count),
           per(load->orders_count, load->users_count));
}

static void report(const workload *load, const run *plain, const run *prefetched)
{
    printf("stagepick %s bench engine: decide + apply, no log, no socket\n", SP_VERSION);
    printf("%" PRIu32 " users, %" PRIu32 " concerts x %" PRIu32 " seats, %" PRIu32
           " single-seat orders, random users and concerts\n",
           load->users_count, load->concerts_count, load->seats_count, load->orders_count);
    run_print("one by one", load, plain);
    run_print("prefetched by 64", load, prefetched);
    usage_print(load, plain);
    printf("refused            %" PRIu64 "\n", plain->refused_count);
    printf("digest             ");
    for (uint32_t i = 0; i < SP_DIGEST_SIZE; i++)
        printf("%02x", plain->digest[i]);
    putchar('\n');
}

enum { USERS, CONCERTS, SEATS, ORDERS, TINY, OPTIONS_COUNT };

/* The numbers given on the command line; false: one of them is no number. */
static bool numbers_read(const sp_option *options, workload *load)
{
    uint32_t *const fields[] = {&load->users_count, &load->concerts_count, &load->seats_count,
                                &load->orders_count};
    static const uint64_t most[] = {UINT32_MAX - 1, 1000000, SP_SEATS_PER_CONCERT_MAX,
                                    UINT32_MAX - 1};

    for (int i = USERS; i <= ORDERS; i++) {
        uint64_t number;
        if (options[i].count == 0)
            continue;
        if (!sp_option_number(&options[i], 1, most[i], &number))
            return false;
        *fields[i] = (uint32_t)number;
    }
    return true;
}

static int bench(const workload *load)
{
    run plain, prefetched;
    int status = SP_EXIT_FAILED;

    planned *plan = malloc(load->orders_count * sizeof(*plan));
    if (!plan || !plan_make(load, plan)) {
        fputs("stagepick bench: out of memory\n", stderr);
        goto done;
    }
    if (!run_once(load, plan, false, &plain) || !run_once(load, plan, true, &prefetched))
        goto done;
    report(load, &plain, &prefetched);
    if (memcmp(plain.digest, prefetched.digest, SP_DIGEST_SIZE) == 0)
        status = SP_EXIT_OK;
    else
        fputs("stagepick bench: the two runs came to different states\n", stderr);
done:
    free(plan);
    return status;
}

int sp_bench_engine(int argc, char **argv)
{
    const char *texts[OPTIONS_COUNT] = {NULL};
    sp_option options[OPTIONS_COUNT] = {
        [USERS] = {"users", "N", "users who order (1000000)", &texts[USERS], 1, 0},
        [CONCERTS] = {"concerts", "N", "concerts on sale (1000)", &texts[CONCERTS], 1, 0},
        [SEATS] = {"seats", "N", "seats a concert (10000)", &texts[SEATS], 1, 0},
        [ORDERS] = {"orders", "N", "orders to decide and apply (5000000)", &texts[ORDERS], 1, 0},
        [TINY] = {"tiny", NULL, "a run for tests: small numbers", &texts[TINY], 1, 0},
    };
    int first_positional;

    int parsed = sp_options_parse("stagepick bench engine [options]\n"
                                  "Sells single seats to random users at random concerts.",
                                  options, OPTIONS_COUNT, argc, argv, &first_positional);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;
    if (first_positional < argc) {
        fprintf(stderr, "stagepick bench engine: what is '%s'?\n", argv[first_positional]);
        return SP_EXIT_USAGE;
    }

    workload load = {1000000, 1000, 10000, 5000000};
    if (options[TINY].count)
        load = (workload){1000, 10, 1000, 5000};
    if (!numbers_read(options, &load))
        return SP_EXIT_USAGE;
    uint64_t seats_count = (uint64_t)load.concerts_count * load.seats_count;
    if (seats_count > UINT32_MAX || load.orders_count > seats_count) {
        fputs("stagepick bench engine: there must be no more orders than seats\n", stderr);
        return SP_EXIT_USAGE;
    }
    return bench(&load);
}
