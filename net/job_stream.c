/* SPDX-License-Identifier: MIT
 *
 * GET /v1/jobs/{job}/stream: `waiting` first, then `orderEnd` once with what GET
 * shows, then the stream ends. Who comes late gets `orderEnd` at once. A browser's
 * EventSource asks again when a stream ends; it says then which event it saw last,
 * and is answered 204, which makes it stop.
 */
#include "engine/assert.h"
#include "net/handlers.h"
#include "net/job_text.h"
#include "net/job_watch.h"
#include "net/jobs.h"
#include "net/stream.h"

/* The id of orderEnd. */
#define END_ID "end"

static sp_job_watch *of_pulse(sp_pulse *pulse)
{
    return (sp_job_watch *)((char *)pulse - offsetof(sp_job_watch, pulse));
}

static sp_pulses *pulses_of(const sp_job_watch *watch)
{
    return &((sp_app_loop *)sp_loop_app(watch->here))->pulses;
}

static void put_end(sp_out *out, sp_text text)
{
    sp_out_text(out, SP_TEXT("event: orderEnd\nid: " END_ID "\ndata: "));
    sp_out_text(out, text);
    sp_out_text(out, SP_TEXT("\n\n"));
}

static sp_text text_of(const sp_job_text *text)
{
    return (sp_text){text->bytes, text->size};
}

/* To a client who has not taken what was said before: when he has. */
static void tell(sp_job_watch *watch)
{
    sp_jobs *jobs = sp_jobs_of(watch->here);
    if (!sp_stream_is_idle(watch->stream)) {
        sp_pulse_soon(pulses_of(watch), &watch->pulse);
        return;
    }
    sp_pulse_remove(pulses_of(watch), &watch->pulse);
    sp_out_clear(&jobs->out);
    put_end(&jobs->out, text_of(watch->text));
    if (sp_stream_write(watch->stream, (sp_text){jobs->out.bytes, (uint32_t)jobs->out.size}))
        sp_stream_end(watch->stream);
}

static void on_told(sp_job_watch *watch)
{
    if (watch->stream) /* else the answer will see it */
        tell(watch);
}

/* His right to listen has ended: he comes back with a new one, or not at all. */
static void on_beat(sp_pulse *pulse)
{
    sp_job_watch *watch = of_pulse(pulse);
    if (watch->is_told) {
        tell(watch);
    } else if (sp_loop_now_coarse(watch->here) >= watch->expires_at) {
        sp_pulse_remove(pulses_of(watch), pulse);
        sp_stream_end(watch->stream);
    } else {
        sp_pulse_comment(watch->stream);
    }
}

static void on_closed(sp_stream *stream, void *context)
{
    sp_job_watch *watch = context;
    (void)stream;
    sp_pulse_remove(pulses_of(watch), &watch->pulse);
    sp_job_watch_leave(watch, true);
}

/* Jobs under way still end, and the loop waits for them: the outcome is the
 * farewell. */
static bool may_end(sp_stream *stream, void *context)
{
    const sp_job_watch *watch = context;
    (void)stream;
    return watch->is_told;
}

static void on_drain(sp_stream *stream, void *context, sp_out *out)
{
    const sp_job_watch *watch = context;
    (void)stream;
    put_end(out, text_of(watch->text));
}

static const sp_stream_ops ops = {.closed = on_closed, .drain = on_drain, .may_end = may_end};

static void serve(sp_jobs *jobs, sp_job_call *call)
{
    sp_job_row *row = sp_jobs_look(jobs, call);
    if (row)
        sp_job_watch_link(call->watch, row);
}

static void served(sp_job_call *call)
{
    if (call->waits || call->text)
        sp_exchange_ready(call->ex);
    else
        sp_jobs_ask_engine(call->ex, &call->id);
}

void sp_jobs_start_stream(sp_exchange *ex)
{
    sp_job_call *call = sp_job_call_create(ex, NULL, SP_JOB_CALL_SIZE);
    if (!call)
        return;
    uint32_t home = sp_job_id_home(&call->id, sp_loop_count(ex->loop));
    call->watch = sp_job_watch_create(ex->loop, sp_loop_of_index(ex->loop, home), on_told);
    call->watch->expires_at = ex->app.expires_at;
    call->saw_end = sp_text_equal(sp_request_last_event_id(&ex->request), SP_TEXT(END_ID));
    call->serve = serve;
    call->served = served;
    sp_job_call_send(call);
}

/* What it became, from wherever that is known, into the loop's buffer; absent: it
 * waits. */
static sp_text outcome_of(sp_exchange *ex, const sp_job_call *call)
{
    sp_jobs *jobs = sp_jobs_of(ex->loop);
    sp_json_writer *json = sp_app_loop_of(ex)->json;
    if (call->text)
        return text_of(call->text);
    if (call->watch->is_told)
        return text_of(call->watch->text);
    if (!ex->slot)
        return (sp_text){NULL, 0};
    const sp_order_view *order = &ex->slot->result.order;
    sp_out_clear(&jobs->out);
    sp_json_begin(json, &jobs->out);
    sp_job_put_success(json, &call->id, order,
                       sp_app_card(ex->loop, order->concert, &ex->slot->result));
    sp_json_end(json);
    return (sp_text){jobs->out.bytes, (uint32_t)jobs->out.size};
}

static void put_waiting(sp_exchange *ex, const sp_job_call *call, sp_out *out)
{
    sp_json_writer *json = sp_app_loop_of(ex)->json;
    sp_out_text(out, SP_TEXT("event: waiting\ndata: "));
    sp_json_begin(json, out);
    sp_job_put_waiting(json, &call->id, call->place);
    sp_json_end(json);
    sp_out_text(out, SP_TEXT("\n\n"));
}

/* The stream has the watch from now on. */
static void open_stream(sp_exchange *ex, sp_job_call *call)
{
    sp_job_watch *watch = call->watch;
    call->watch = NULL;
    watch->stream = sp_exchange_stream(ex, &ops, watch);
    sp_pulse_add(pulses_of(watch), &watch->pulse, on_beat);
}

void sp_jobs_answer_stream(sp_exchange *ex, sp_out *out)
{
    sp_job_call *call = sp_job_call_of(ex);
    sp_text outcome = outcome_of(ex, call);
    if (outcome.bytes && call->saw_end) {
        sp_answer answer = {.status = 204, .no_store = true};
        sp_answer_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &answer, out);
        return;
    }
    if (!sp_answer_stream(ex, out))
        return;
    if (outcome.bytes) {
        put_end(out, outcome);
        return;
    }
    put_waiting(ex, call, out);
    open_stream(ex, call);
}
