/* SPDX-License-Identifier: MIT
 *
 * Holds: taken, extended, released and read through the sequencer.
 *
 * A keyed request that comes again is told what it was told at first, also when
 * the hold has ended and its seats are another's: the state does not know them
 * any more, so the event that took the hold is read back from the log, on the
 * pool.
 */
#include <stdlib.h>

#include "engine/assert.h"
#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"

/* ex->app.memory, in place of the request's grade, which nobody needs any more:
 * freed at the exchange's end. */
typedef struct hold_reading {
    uv_work_t work;
    sp_exchange *ex;
    sp_event_reader *events;
    sp_seq seq; /* of the event that the first answer told of */
    int found;
    sp_event taken; /* with its seats below */
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
} hold_reading;

bool sp_holds_decode(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    if (!sp_decode_hold(decode, root, command))
        return false;
    command->hold_take.concert = ex->app.params[0];
    if (command->hold_take.grade.bytes)
        command->hold_take.grade = sp_app_keep_text(ex, command->hold_take.grade);
    return true;
}

bool sp_holds_decode_extend(sp_exchange *ex, sp_decode *decode, const sp_json_node *root)
{
    (void)ex;
    return sp_decode_nothing(decode, root);
}

void sp_holds_start_extend(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_HOLD_EXTEND;
    command->hold_extend.hold = ex->app.params[0];
    sp_app_push(ex);
}

void sp_holds_start_release(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_COMMAND_HOLD_RELEASE;
    command->hold_release.hold = ex->app.params[0];
    sp_app_push(ex);
}

void sp_holds_start_get(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_HOLD;
    command->query_hold.hold = ex->app.params[0];
    sp_app_push(ex);
}

/* Pool thread. */
static void on_read(uv_work_t *request)
{
    hold_reading *reading = request->data;
    reading->found =
        reading->events->hold_taken(reading->events, reading->seq, &reading->taken, reading->seats);
}

/* The log is damaged if not: that is for its checks to say, not for a retry to die
 * of. */
static bool is_of_hold(const sp_exchange *ex, const sp_event *taken)
{
    return taken->type == SP_EVENT_HOLD_TAKEN &&
           taken->hold_taken.hold == ex->slot->result.hold.id &&
           taken->hold_taken.user == ex->app.user;
}

/* What the replay did not know, from the event. */
static void complete_view(sp_exchange *ex, const sp_event *taken)
{
    sp_result *result = &ex->slot->result;
    sp_hold_view *hold = &result->hold;
    hold->concert = taken->hold_taken.concert;
    hold->user = taken->hold_taken.user;
    hold->amount = taken->hold_taken.amount;
    hold->created_at = taken->time;
    hold->seats_count = taken->hold_taken.seats_count;
    memcpy(result->seats, taken->hold_taken.seats, hold->seats_count * sizeof(sp_seat));
    hold->seats = result->seats;
}

static void on_done(uv_work_t *request, int status)
{
    (void)status; /* nobody cancels */
    hold_reading *reading = request->data;
    sp_exchange *ex = reading->ex;
    if (ex->gone) {
        sp_exchange_abandon(ex);
    } else if (reading->found != 1 || !is_of_hold(ex, &reading->taken)) {
        sp_app_refuse(ex, SP_INTERNAL);
    } else {
        complete_view(ex, &reading->taken);
        sp_exchange_ready(ex);
    }
}

static void read_back(sp_exchange *ex)
{
    hold_reading *reading = malloc(sizeof *reading);
    SP_ASSERT(reading);
    reading->work.data = reading;
    reading->ex = ex;
    reading->events = sp_app_loop_of(ex)->app->config.events;
    reading->seq = ex->slot->result.hold.seq;
    SP_ASSERT(reading->events);
    free(ex->app.memory);
    ex->app.memory = reading;
    int status = uv_queue_work(sp_loop_uv(ex->loop), &reading->work, on_read, on_done);
    SP_ASSERT_CMP(status, ==, 0); /* fails only without a callback */
}

void sp_holds_completed(sp_exchange *ex)
{
    if (ex->slot->result.hold.seats_count == 0)
        read_back(ex);
    else
        sp_exchange_ready(ex);
}

static void answer_hold(sp_exchange *ex, const sp_answer *answer, sp_out *out)
{
    const sp_hold_view *hold = &ex->slot->result.hold;
    sp_encode_hold(sp_answer_json(ex, answer, out), hold,
                   sp_app_card(ex->loop, hold->concert, &ex->slot->result));
    sp_answer_json_end(ex, out);
}

void sp_holds_answer_take(sp_exchange *ex, sp_out *out)
{
    char location[SP_LOCATION_SIZE_MAX];
    sp_answer answer =
        sp_answer_created(ex, location, SP_TEXT("/v1/holds/"), ex->slot->result.hold.id);
    answer_hold(ex, &answer, out);
}

void sp_holds_answer(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 200, .replayed = ex->slot->result.replayed};
    answer_hold(ex, &answer, out);
}

void sp_holds_answer_release(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 204};
    sp_answer_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &answer, out);
}
