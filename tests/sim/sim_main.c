/* SPDX-License-Identifier: MIT
 *
 * The simulator's program: a world a seed, so many steps each. Without
 * arguments a few hundred seeds, for `make test`; then everything it is for
 * must also have happened. `--seconds` for nights.
 * Exit 0 = all was well, 1 = a check failed (what, and what reruns it, is
 * printed), 2 = usage.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/fault.h"
#include "tests/sim/world.h"
#include "tests/support/rerun.h"

#define SEED_DEFAULT 1u
#define SEEDS_DEFAULT 300u
#define STEPS_DEFAULT 400u

typedef struct options {
    uint64_t seed, seeds, steps, seconds;
    bool verbose;
    const char *fault; /* NULL = none */
} options;

static const char usage[] =
    "usage: sim [--seed N] [--seeds COUNT] [--steps N] [--seconds N] [--verbose]\n"
    "           [--fault skipped_bit|answer_before_commit|answer_before_flush|lost_refund|\n"
    "                    nosync|sides_unflushed|hold_outlives|caps_keep_expired|\n"
    "                    held_published_early|freed_seats_untold|cancel_skips_order|\n"
    "                    pause_late|edit_shown_early|stale_layout|\n"
    "                    tail_replayed|marked_early|start_unsettled]\n"
    "--seconds runs as many seeds as fit; --fault needs a build with SAN=faults, but\n"
    "for its last three, which are of the simulator itself.\n";

static int plant(const char *name)
{
    static const char *const own[] = {
        [SP_SIM_PLANTED_TAIL_REPLAYED] = "tail_replayed",
        [SP_SIM_PLANTED_MARKED_EARLY] = "marked_early",
        [SP_SIM_PLANTED_START_UNSETTLED] = "start_unsettled",
    };
    for (size_t i = 1; i < sizeof own / sizeof *own; i++)
        if (strcmp(name, own[i]) == 0) {
            sp_sim_fault_planted = (sp_sim_planted)i;
            return 0;
        }
#ifdef SP_FAULTS
    if (sp_fault_plant(name))
        return 0;
    fprintf(stderr, "sim: there is no fault %s\n", name);
#else
    fprintf(stderr, "sim: %s can't be planted: built without SP_FAULTS\n", name);
#endif
    return -1;
}

static int number(const char *text, uint64_t *out)
{
    char *end;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' ? 0 : -1;
}

static int parse(int argc, char **argv, options *o)
{
    static const struct option long_options[] = {
        {"seed", required_argument, NULL, 's'},  {"seeds", required_argument, NULL, 'c'},
        {"steps", required_argument, NULL, 'n'}, {"seconds", required_argument, NULL, 't'},
        {"verbose", no_argument, NULL, 'v'},     {"fault", required_argument, NULL, 'f'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    bool seed_given = false, seeds_given = false;
    int c, bad = 0;
    while ((c = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
        switch (c) {
        case 's':
            bad |= number(optarg, &o->seed);
            seed_given = true;
            break;
        case 'c':
            bad |= number(optarg, &o->seeds);
            seeds_given = true;
            break;
        case 'n':
            bad |= number(optarg, &o->steps);
            break;
        case 't':
            bad |= number(optarg, &o->seconds);
            break;
        case 'v':
            o->verbose = true;
            break;
        case 'f':
            o->fault = optarg;
            bad |= plant(optarg);
            break;
        default:
            bad = -1;
            break;
        }
    }
    /* One seed named is one seed wanted. */
    if (seed_given && !seeds_given)
        o->seeds = 1;
    return bad != 0 || optind < argc ? -1 : 0;
}

static void add(sp_sim_counts *sum, const sp_sim_counts *more)
{
    uint64_t *into = (uint64_t *)sum;
    const uint64_t *from = (const uint64_t *)more;
    _Static_assert(sizeof(sp_sim_counts) % sizeof(uint64_t) == 0, "counts are all uint64_t");
    for (size_t i = 0; i < sizeof(sp_sim_counts) / sizeof(uint64_t); i++)
        into[i] += from[i];
}

/* False: something is wrong, and was printed. */
static bool run_seed(const char *program, const options *o, uint64_t seed, sp_sim_counts *sum)
{
    static sp_sim_world world;
    bool well = true;
    sp_rerun_set("%s --seed %" PRIu64 " --steps %" PRIu64 "%s%s --verbose", program, seed, o->steps,
                 o->fault != NULL ? " --fault " : "", o->fault != NULL ? o->fault : "");
    sp_sim_world_open(&world, seed, o->verbose);
    for (uint64_t step = 0; well && step < o->steps; step++)
        well = sp_sim_world_step(&world);
    if (well)
        well = sp_sim_world_settle(&world);
    if (!well) {
        fflush(stdout);
        fprintf(stderr, "sim: seed %" PRIu64 ", step %" PRIu64 ": %s\nrerun: %s\n", seed,
                world.step, world.wrong, sp_rerun_line());
    }
    add(sum, &world.counts);
    sp_sim_world_close(&world);
    return well;
}

/* A run that never came to a queue that was full proves nothing of one. Kinds
 * that happened 0 times, each printed. */
static uint32_t missing_kinds(const sp_sim_counts *sum)
{
    const struct {
        const char *name;
        uint64_t count;
    } kinds[] = {{"replayed", sum->replayed},
                 {"unknown", sum->unknown},
                 {"queue_full", sum->queue_full},
                 {"storage_full", sum->storage_full},
                 {"email_taken", sum->emails_taken},
                 {"restarts", sum->crashes},
                 {"failures", sum->failures},
                 {"torn batches dropped", sum->torn},
                 {"digests compared", sum->digests},
                 {"batches told by the next commit", sum->told_by_commit},
                 {"batches told by settle", sum->told_by_settle},
                 {"answers without an event told at once", sum->told_at_once},
                 {"answers without an event that waited along", sum->waited_along},
                 {"settle failures", sum->settle_failures},
                 {"power cuts", sum->power_cuts},
                 {"committed, untold, lost", sum->untold_lost},
                 {"committed, untold, kept", sum->untold_kept},
                 {"committed, untold, found by a start", sum->untold_found},
                 {"sessions opened", sum->sessions_opened},
                 {"sessions refreshed", sum->sessions_refreshed},
                 {"… again within the grace", sum->sessions_in_grace},
                 {"refresh_reused", sum->sessions_reused},
                 {"passwords changed", sum->passwords_changed},
                 {"users erased", sum->users_erased},
                 {"families found as they were told", sum->families_checked},
                 {"holds taken", sum->holds_taken},
                 {"holds extended", sum->holds_extended},
                 {"holds released", sum->holds_released},
                 {"holds bought", sum->holds_bought},
                 {"holds expired", sum->holds_expired},
                 {"… by an idle sequencer", sum->expired_idle},
                 {"starts with overdue holds", sum->starts_overdue},
                 {"refusals on a full disk with overdue holds", sum->overdue_on_full_disk},
                 {"concerts edited", sum->concerts_edited},
                 {"… with other seats", sum->concerts_relaid},
                 {"concerts paused", sum->concerts_paused},
                 {"concerts resumed", sum->concerts_resumed},
                 {"concerts cancelled", sum->concerts_cancelled},
                 {"… with living holds", sum->cancelled_with_holds},
                 {"orders refunded with their concert", sum->orders_refunded},
                 {"refusals: sales_paused", sum->refused_paused},
                 {"refusals: concert_cancelled", sum->refused_cancelled},
                 {"refusals: seats_fixed", sum->refused_seats_fixed},
                 {"balances found as the log says", sum->balances_checked},
                 {"maps brought up to date", sum->maps_followed},
                 {"holds that lived as long as was told", sum->promises_kept}};
    uint32_t missing_count = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].count == 0) {
            fprintf(stderr, "sim: no coverage: %s: 0 in the whole default run\n", kinds[i].name);
            missing_count++;
        }
    return missing_count;
}

static bool is_default(const options *o)
{
    return o->seed == SEED_DEFAULT && o->seeds == SEEDS_DEFAULT && o->steps == STEPS_DEFAULT &&
           o->seconds == 0 && o->fault == NULL;
}

static void report(const options *o, uint64_t seeds_count, const sp_sim_counts *sum)
{
    printf("sim: seeds %" PRIu64 " … %" PRIu64 ": %" PRIu64 " steps, %" PRIu64 " commands, %" PRIu64
           " events in %" PRIu64 " commits; %" PRIu64 " answers, %" PRIu64 " replayed, %" PRIu64
           " unknown; %" PRIu64 " queue_full, %" PRIu64 " storage_full, %" PRIu64
           " email_taken; %" PRIu64 " digests compared\n",
           o->seed, o->seed + seeds_count - 1, sum->steps, sum->commands, sum->events, sum->commits,
           sum->answers, sum->replayed, sum->unknown, sum->queue_full, sum->storage_full,
           sum->emails_taken, sum->digests);
    printf("sim: %" PRIu64 " batches told by the next commit, %" PRIu64 " by settle; %" PRIu64
           " answers without an event told at once, %" PRIu64 " waited along\n",
           sum->told_by_commit, sum->told_by_settle, sum->told_at_once, sum->waited_along);
    printf("sim: %" PRIu64 " sessions opened, %" PRIu64 " refreshed, %" PRIu64
           " of them again, %" PRIu64 " refresh_reused, %" PRIu64 " passwords changed, %" PRIu64
           " users erased; %" PRIu64 " looks at a family found it as it was told\n",
           sum->sessions_opened, sum->sessions_refreshed, sum->sessions_in_grace,
           sum->sessions_reused, sum->passwords_changed, sum->users_erased, sum->families_checked);
    printf("sim: %" PRIu64 " holds taken, %" PRIu64 " extended, %" PRIu64 " released, %" PRIu64
           " bought, %" PRIu64 " expired (%" PRIu64 " times by an idle sequencer, %" PRIu64
           " starts were late); %" PRIu64 " refusals with overdue holds on a full disk; %" PRIu64
           " looks at maps that are followed\n",
           sum->holds_taken, sum->holds_extended, sum->holds_released, sum->holds_bought,
           sum->holds_expired, sum->expired_idle, sum->starts_overdue, sum->overdue_on_full_disk,
           sum->maps_followed);
    printf("sim: concerts edited %" PRIu64 " times, %" PRIu64 " with other seats, paused %" PRIu64
           ", resumed %" PRIu64 ", cancelled %" PRIu64 " (%" PRIu64 " with holds) and %" PRIu64
           " orders with them; refused %" PRIu64 " sales_paused, %" PRIu64
           " concert_cancelled, %" PRIu64 " seats_fixed; %" PRIu64 " balances as the log says\n",
           sum->concerts_edited, sum->concerts_relaid, sum->concerts_paused, sum->concerts_resumed,
           sum->concerts_cancelled, sum->cancelled_with_holds, sum->orders_refunded,
           sum->refused_paused, sum->refused_cancelled, sum->refused_seats_fixed,
           sum->balances_checked);
    printf("sim: %" PRIu64 " restarts, %" PRIu64 " after failures (%" PRIu64 " of settle), %" PRIu64
           " after power cuts, %" PRIu64
           " with a torn batch; of batches committed and untold %" PRIu64 " were lost, %" PRIu64
           " kept, %" PRIu64 " found by a start: all well\n",
           sum->crashes, sum->failures, sum->settle_failures, sum->power_cuts, sum->torn,
           sum->untold_lost, sum->untold_kept, sum->untold_found);
}

int main(int argc, char **argv)
{
    options o = {.seed = SEED_DEFAULT, .seeds = SEEDS_DEFAULT, .steps = STEPS_DEFAULT};
    sp_sim_counts sum = {0};
    if (parse(argc, argv, &o) != 0) {
        fputs(usage, stderr);
        return 2;
    }
    time_t end = time(NULL) + (time_t)o.seconds;
    uint64_t done = 0;
    while (o.seconds > 0 ? time(NULL) < end : done < o.seeds) {
        if (!run_seed(argv[0], &o, o.seed + done, &sum))
            return 1;
        done++;
    }
    if (is_default(&o) && missing_kinds(&sum) > 0)
        return 1;
    report(&o, done, &sum);
    return 0;
}
