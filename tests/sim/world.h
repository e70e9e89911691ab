/* SPDX-License-Identifier: MIT
 *
 * A simulated world: the real sequencer, queue, slots, mailboxes, views and
 * state, with a fake clock and a fake log; clients that send commands, lose
 * answers and ask again; machines that stop at the worst moment. All on one
 * thread and from one seed, so every run can be run again.
 *
 * What is checked, and where:
 *   machine.c, on_wake   as a commit begins, as a flush begins, as answers are
 *                        released, and after every batch: nothing is seen
 *                        anywhere that is not durable for certain
 *   audit.c              every event and every answer is the reference's; the
 *                        views are what the reference says after every batch,
 *                        the live state and a replay of the log as often as
 *                        the state is not a batch ahead of what was told
 *   recovery.c           a start applies what has a commit, and only that
 *   world.c (restart)    what anyone was ever told is there after a crash
 *   families.h           what clients were told of their sessions is durable
 *   promises.c           a hold that was told lives until it was to end, unless its
 *                        user ended it, or its concert was cancelled
 *   sales.c              by the log alone: nothing is sold while sales are paused, nothing
 *                        at a cancelled concert, whose orders are refunded once; every
 *                        balance is what the log adds up to
 *
 * The first check that fails is kept in `wrong`; the world then stands still.
 */
#ifndef SP_TESTS_SIM_WORLD_H
#define SP_TESTS_SIM_WORLD_H

#include "engine/sequencer.h"
#include "tests/sim/families.h"
#include "tests/support/compare.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_log.h"
#include "tests/support/generate.h"
#include "tests/support/maps.h"

#define SP_SIM_LOOPS_MAX 4u
#define SP_SIM_CLIENTS_MAX 48u
#define SP_SIM_SLOTS_PER_LOOP_MAX 32u
#define SP_SIM_COMPLETIONS_MAX (SP_SIM_LOOPS_MAX * SP_SIM_SLOTS_PER_LOOP_MAX)

typedef struct sp_sim_loop {
    sp_mailbox mailbox; /* first: on_wake is given this */
    sp_slots slots;
    sp_sim_world *world;
} sp_sim_loop;

typedef enum sp_sim_phase {
    SP_SIM_IDLE,   /* makes up something to ask */
    SP_SIM_READY,  /* has something to send: new, or again with the same key */
    SP_SIM_FLIGHT, /* waits for its answer */
} sp_sim_phase;

/* One request at a time, asked again until it is known what became of it. */
struct sp_sim_client {
    sp_sim_phase phase;
    sp_generated generated;
    sp_slot *slot;   /* while in flight */
    sp_seq told_seq; /* the success that it was told; 0 = none yet */
    sp_sim_asked asked;
};

typedef struct sp_sim_counts {
    uint64_t steps, commands, events, answers, replayed, unknown, queue_full, commits, failures,
        crashes, torn, digests, storage_full, emails_taken;
    uint64_t told_by_commit, told_by_settle; /* batches */
    uint64_t told_at_once, waited_along;     /* answers of batches without an event */
    uint64_t settle_failures;
    uint64_t power_cuts, untold_lost, untold_kept; /* batches committed, not durable */
    uint64_t untold_found; /* … by a program that started on the same machine */
    uint64_t sessions_opened, sessions_refreshed, sessions_in_grace, sessions_reused,
        passwords_changed, users_erased;
    uint64_t families_checked; /* found as they were told */
    uint64_t holds_taken, holds_extended, holds_released, holds_bought, holds_expired;
    uint64_t expired_idle;         /* work that nobody asked for */
    uint64_t starts_overdue;       /* … and did it first */
    uint64_t overdue_on_full_disk; /* refused for it */
    uint64_t maps_followed;        /* brought up to date and found right */
    uint64_t concerts_edited, concerts_relaid, concerts_paused, concerts_resumed,
        concerts_cancelled, orders_refunded, cancelled_with_holds;
    uint64_t refused_paused, refused_cancelled, refused_seats_fixed;
    uint64_t balances_checked; /* found as the log alone says */
    uint64_t promises_kept;    /* holds that ended by their deadline, and not before */
} sp_sim_counts;

struct sp_sim_world {
    uint64_t seed;
    uint64_t step;
    bool verbose;
    char wrong[1024]; /* empty = all is well */

    sp_random random;
    sp_limits limits;
    sp_fake_clock clock;
    sp_fake_log log;

    /* The machine: all of it dies in a crash. */
    sp_state *state;
    sp_views *views;
    sp_queue *queue;
    sp_sequencer *sequencer;
    sp_sim_loop loops[SP_SIM_LOOPS_MAX];
    uint32_t loops_count, slots_per_loop, queue_capacity, batch_commands_max, batch_bytes_max;
    uint32_t waiting_count;     /* commands that wait for the batch committed last */
    sp_time_ms stamped_ms;      /* the sequencer's time, as its clock has been */
    uint32_t failures_reported; /* on_failed's calls since the last start */
    sp_seq seq_before;          /* durable before the last do_work */
    sp_seq seq_compared;        /* up to it the state has been compared */

    /* Completions taken since the last audit. */
    sp_slot *completions[SP_SIM_COMPLETIONS_MAX];
    uint32_t completions_count;

    sp_sim_client clients[SP_SIM_CLIENTS_MAX];
    uint32_t clients_count;

    /* Those who know better: fed with durable events only. */
    sp_reference reference;
    sp_state *replay; /* through admit and apply */

    /* All successes that anyone was told: copies of their events by seq. */
    sp_event **facts;
    uint64_t facts_count;
    sp_seq seq_shown; /* the highest in any answer */

    sp_sim_families families; /* what clients believe of their sessions */
    sp_maps maps;             /* what watchers have on their screens */

    sp_sim_counts counts;
};

/* Faults of the simulator's own recovery and disk, planted to prove that the
 * checks find such; those of the engine are in engine/fault.h. */
typedef enum sp_sim_planted {
    SP_SIM_PLANTED_NONE = 0,
    SP_SIM_PLANTED_TAIL_REPLAYED,   /* recovery applies events without a commit */
    SP_SIM_PLANTED_MARKED_EARLY,    /* the disk gets the commit before its events */
    SP_SIM_PLANTED_START_UNSETTLED, /* a start shows what is in the cache alone */
} sp_sim_planted;
extern sp_sim_planted sp_sim_fault_planted; /* set before a world opens */

/* machine.c */
/* What a start does: recovers the state from the disk, publishes, goes. */
void sp_sim_machine_start(sp_sim_world *world);
void sp_sim_machine_stop(sp_sim_world *world);
/* The log is made to look over the sequencer's shoulder. */
void sp_sim_machine_watch(sp_sim_world *world);
/* One batch, or the flush that releases the one before. */
void sp_sim_machine_work(sp_sim_world *world);

/* world.c */
void sp_sim_world_open(sp_sim_world *world, uint64_t seed, bool verbose);
void sp_sim_world_close(sp_sim_world *world);
/* One step: time, clients, a fault perhaps, batches, checks, a restart. False
 * once something is wrong. */
bool sp_sim_world_step(sp_sim_world *world);
/* No more faults: everything under way is answered, everything is compared. */
bool sp_sim_world_settle(sp_sim_world *world);
/* Keeps the first complaint. NULL is none. */
void sp_sim_world_check(sp_sim_world *world, const char *wrong);
void sp_sim_world_say(const sp_sim_world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* clients.c */
void sp_sim_clients_send(sp_sim_world *world, bool new_ones);
void sp_sim_client_hear(sp_sim_world *world, sp_slot *slot);
/* Is anything to be seen now that may not be: in the mailboxes, in the views? */
void sp_sim_check_visible(sp_sim_world *world, const char *when);
/* The machine stopped: what was under way has no answer. */
void sp_sim_clients_lose(sp_sim_world *world);
/* The sequencer's call when a mailbox has something: looks, takes nothing. */
void sp_sim_on_wake(sp_mailbox *mailbox);
/* Every loop takes what its mailbox holds, of one batch or of several. */
void sp_sim_loops_take(sp_sim_world *world);

/* promises.c */
/* What was told of holds against all that is durable. */
void sp_sim_promises_check(sp_sim_world *world);

/* sales.c */
/* The live state, and all that is durable: they say the same. */
void sp_sim_sales_check(sp_sim_world *world);

/* recovery.c */
/* Fills the new state from the disk, and cuts a torn batch off it. */
void sp_sim_recover(sp_sim_world *world);

/* audit.c */
void sp_sim_audit(sp_sim_world *world);
/* Takes in the durable events that nobody may have been told. */
void sp_sim_audit_recovered(sp_sim_world *world);
void sp_sim_audit_whole(sp_sim_world *world);

#endif
