/* SPDX-License-Identifier: MIT
 *
 * The deterministic core: decide, apply, admit, digest, query. All pure: no
 * clock, no I/O, no randomness; the same state and input give the same
 * output, on any machine, in any build.
 */
#ifndef SP_ENGINE_ENGINE_H
#define SP_ENGINE_ENGINE_H

#include "engine/command.h"
#include "engine/event.h"
#include "engine/result.h"
#include "engine/state.h"

/* What a repeated request finds: enough to rebuild its first success. */
typedef struct sp_replay {
    sp_event_type type;
    sp_seq seq;
    sp_time_ms time;
    uint32_t subject; /* id of the order, category, concert, user or hold */
    int64_t value;    /* points_granted, role_set: the balance after it;
                       * hold_taken, hold_extended: when the hold was to end */
    sp_role role;     /* points_granted, role_set: the user's role after it */
} sp_replay;

typedef enum sp_decision {
    SP_DECISION_EVENT,   /* *event is filled: apply it */
    SP_DECISION_REPLAY,  /* *replay is filled: the first success again */
    SP_DECISION_REFUSED, /* *outcome and the refusal's details are filled */
} sp_decision;

/* Decides one command at time `now` (>= sp_state_time). Changes nothing.
 * The event gets seq = state's + 1, time = now, and borrows from the command
 * and the state: apply it before either goes. Seats that the command does not
 * name (those of a hold, or the best) go to `seats`, and it borrows them too. Checks in the design's order,
 * the first failure wins: actor exists (token_invalid), role, idempotency,
 * then the command's own. For order_create: concert, cancelled or paused,
 * window, seats known, amount, seat limit, seats free, orphans, points.
 * The command must be one that makes an event. Never blocks or allocates. */
sp_decision sp_decide(const sp_state *state, const sp_command *command, sp_time_ms now,
                      sp_event *event, sp_seat seats[SP_SEATS_PER_ORDER_MAX], sp_replay *replay,
                      sp_outcome *outcome, sp_refusal *refusal);

/* The holds that are overdue at `now`, before anything else is decided then: true
 * and the event of the first SP_HOLDS_PER_EXPIRY_MAX of them, whose ids are put into
 * `ids` and borrowed; apply it and ask again. false: there are none. */
bool sp_decide_expiry(const sp_state *state, sp_time_ms now,
                      sp_hold_id ids[SP_HOLDS_PER_EXPIRY_MAX], sp_event *event);

/* Applies an event that decide made or admit passed. The only writer of
 * state; can't fail: a violated invariant aborts. */
void sp_apply(sp_state *state, const sp_event *event);

/* Replay's gate: the log may be hostile. Checks seq, time, every id, range,
 * shape and invariant that apply relies on, this installation's limits too.
 * Texts must be valid UTF-8. NULL = may be applied; else a static string
 * saying what is wrong. */
const char *sp_admit(const sp_state *state, const sp_event *event);

/* Answers a query command from the state (outcome, value). Those for lists
 * allocate; out of memory answers SP_BUSY. Each costs what it shows, whatever the
 * cursor. A page of users may end early, even empty, where thousands in a row were
 * erased: its cursor goes on. The balance in a ledger's cursor is taken on trust:
 * a made-up one shifts the balances of that page by as much; one that nobody can
 * have (beyond SP_POINTS_TOTAL_MAX either way) finds nothing. */
void sp_query(const sp_state *state, const sp_command *query, sp_result *result);
/* Frees the list (once) that the answer to a command of this type has, if it has one. */
void sp_result_release(sp_command_type type, sp_result *result);

/* Fills the success that an applied event shows (outcome OK, seq, value). */
void sp_result_of_event(const sp_state *state, const sp_event *event, sp_result *result);
/* The same from a replay: as it was at the time of the first success. */
void sp_result_of_replay(const sp_state *state, const sp_replay *replay, sp_result *result);

/* Fetches what deciding these commands, or admitting and applying these events,
 * will touch into the cache, many lines at once. Nothing of them need be valid,
 * but that an order has a seat. Best for some SP_PREFETCH_BATCH that are taken
 * right behind it: of more the first are out of the cache again, and one at a
 * time, between decisions, each would have to be waited for. */
#define SP_PREFETCH_BATCH 64u
void sp_prefetch_commands(const sp_state *state, const sp_command *const *commands, uint32_t count);
void sp_prefetch_events(const sp_state *state, const sp_event *events, uint32_t count);

/* BLAKE2b-256 over the whole state in canonical order (listed in digest.c).
 * Two states of one seq have one digest, however they came about. Walks
 * everything: seconds on a full state. */
#define SP_DIGEST_SIZE 32u
void sp_digest(const sp_state *state, uint8_t out[SP_DIGEST_SIZE]);

#endif
