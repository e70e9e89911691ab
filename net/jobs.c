/* SPDX-License-Identifier: MIT */
#include "net/jobs.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "net/handlers.h"
#include "net/job_text.h"
#include "net/write_limit.h"

/* ex->app.stage: its memory is a call. */
#define CALLED 1u

sp_jobs *sp_jobs_create(sp_loop *loop)
{
    sp_jobs *jobs = calloc(1, sizeof *jobs);
    if (!jobs)
        return NULL;
    jobs->loop = loop;
    sp_out_init(&jobs->out);
    jobs->table = sp_job_table_create(SP_JOBS_COUNT_MAX, SP_JOBS_BYTES_MAX);
    if (!jobs->table) {
        sp_jobs_destroy(jobs);
        return NULL;
    }
    return jobs;
}

void sp_jobs_destroy(sp_jobs *jobs)
{
    if (!jobs)
        return;
    sp_job_table_destroy(jobs->table);
    sp_out_close(&jobs->out);
    free(jobs);
}

/* --- calls --- */

sp_job_call *sp_job_call_create(sp_exchange *ex, const sp_hash128 *id, size_t size)
{
    sp_hash128 named;
    if (!id && !sp_job_id_of_path(ex->request.path, &named)) {
        sp_app_refuse(ex, SP_JOB_UNKNOWN);
        return NULL;
    }
    sp_job_call *call = malloc(size);
    SP_ASSERT(call);
    SP_ASSERT(!ex->app.memory);
    memset(call, 0, SP_JOB_CALL_SIZE);
    call->ex = ex;
    call->id = id ? *id : named;
    call->user = ex->app.user;
    ex->app.memory = call;
    ex->app.stage = CALLED;
    return call;
}

sp_job_call *sp_job_call_of(const sp_exchange *ex)
{
    return ex->app.stage == CALLED ? ex->app.memory : NULL;
}

/* The exchange's loop again. */
static void finish(sp_job_call *call)
{
    sp_exchange *ex = call->ex;
    if (ex->gone)
        sp_exchange_abandon(ex);
    else
        call->served(call);
}

static void on_back(sp_hop *hop)
{
    finish((sp_job_call *)hop);
}

static void on_call(sp_hop *hop)
{
    sp_job_call *call = (sp_job_call *)hop;
    call->serve(sp_jobs_of(hop->at), call);
    hop->run = on_back;
    sp_hop_send(hop, hop->from);
}

void sp_job_call_send(sp_job_call *call)
{
    sp_loop *here = call->ex->loop;
    sp_loop *home = sp_loop_of_index(here, sp_job_id_home(&call->id, sp_loop_count(here)));
    if (home == here) {
        call->serve(sp_jobs_of(here), call);
        finish(call);
        return;
    }
    call->hop = (sp_hop){.from = here, .run = on_call};
    sp_hop_send(&call->hop, home);
}

void sp_jobs_end(sp_exchange *ex)
{
    sp_job_call *call = sp_job_call_of(ex);
    if (!call)
        return;
    sp_job_text_release(call->text);
    if (call->watch)
        sp_job_watch_leave(call->watch, call->waits);
}

/* --- at home --- */

/* Approximate, and never 0: one that was taken is next until it is told. */
static uint64_t place_of(sp_jobs *jobs, const sp_job_row *row)
{
    uint64_t popped = sp_queue_popped(sp_loop_queue(jobs->loop));
    return row->position >= popped ? row->position - popped + 1 : 1;
}

sp_job_row *sp_jobs_look(sp_jobs *jobs, sp_job_call *call)
{
    sp_job_row *row = sp_job_table_find(jobs->table, &call->id, sp_loop_now_coarse(jobs->loop));
    if (!row || row->user != call->user)
        return NULL;
    if (!sp_job_row_waits(row)) {
        call->text = sp_job_text_hold(row->text);
        return NULL;
    }
    call->waits = true;
    call->place = place_of(jobs, row);
    return row;
}

static void serve_look(sp_jobs *jobs, sp_job_call *call)
{
    sp_jobs_look(jobs, call);
}

/* The problem, if it ends in one, is about this request. */
static void note_request(sp_job_row *row, const sp_job_call *call)
{
    row->request_id = call->request_id;
    row->request_name = NULL;
    if (call->request_name.bytes) {
        row->request_name = strndup(call->request_name.bytes, call->request_name.size);
        SP_ASSERT(row->request_name);
    }
}

/* Pushes the call's command for this row, which exists. */
static bool push(sp_jobs *jobs, const sp_job_row *row, const sp_job_call *call, uint64_t *position)
{
    sp_slot *slot = sp_loop_slot_take(jobs->loop);
    if (!slot)
        return false;
    sp_app_copy_command(&slot->command, &call->command);
    if (sp_loop_slot_push(jobs->loop, slot, sp_job_table_index(jobs->table, row), position))
        return true;
    sp_loop_slot_give(jobs->loop, slot);
    return false;
}

/* A new job, or one that runs again: refusals are not remembered. */
static bool run(sp_jobs *jobs, sp_job_row *known, const sp_job_call *call)
{
    uint64_t position;
    sp_job_row *row = known;
    if (!row)
        row = sp_job_table_add(jobs->table, &call->id, call->user, sp_loop_now_coarse(jobs->loop));
    if (!row)
        return false;
    if (!push(jobs, row, call, &position)) {
        if (!known)
            sp_job_table_remove(jobs->table, row);
        return false;
    }
    if (known)
        sp_job_table_again(jobs->table, row);
    row->position = position;
    note_request(row, call);
    return true;
}

static void serve_accept(sp_jobs *jobs, sp_job_call *call)
{
    sp_job_row *row = sp_job_table_find(jobs->table, &call->id, sp_loop_now_coarse(jobs->loop));
    SP_ASSERT(!row || row->user == call->user); /* who asks is in the hash */
    call->replayed = row && (sp_job_row_waits(row) || row->succeeded);
    call->outcome = call->replayed || run(jobs, row, call) ? SP_OK : SP_QUEUE_FULL;
}

static void put_failure(sp_jobs *jobs, sp_json_writer *json, const sp_job_row *row,
                        const sp_slot *slot)
{
    const sp_app_loop *app_loop = sp_loop_app(jobs->loop);
    sp_answer_to to = {.request_id = row->request_id};
    sp_problem problem = {
        .outcome = slot->result.outcome,
        .refusal = &slot->result.refusal,
        .card = sp_app_card(jobs->loop, slot->command.order_create.concert, &slot->result),
    };
    if (row->request_name)
        to.request_name = (sp_text){row->request_name, (uint32_t)strlen(row->request_name)};
    sp_job_put_failure(json, &row->id, to, &problem);
    sp_counter_add(&app_loop->metrics->rejections[problem.outcome], 1);
}

static sp_job_text *text_of_outcome(sp_jobs *jobs, const sp_job_row *row, const sp_slot *slot)
{
    const sp_app_loop *app_loop = sp_loop_app(jobs->loop);
    const sp_order_view *order = &slot->result.order;
    sp_out_clear(&jobs->out);
    sp_json_begin(app_loop->json, &jobs->out);
    if (slot->result.outcome == SP_OK)
        sp_job_put_success(app_loop->json, &row->id, order,
                           sp_app_card(jobs->loop, order->concert, &slot->result));
    else
        put_failure(jobs, app_loop->json, row, slot);
    sp_json_end(app_loop->json);
    return sp_job_text_create((sp_text){jobs->out.bytes, (uint32_t)jobs->out.size});
}

/* The slot is given back at the end: until then it keeps a draining loop, which
 * tells other loops here. */
void sp_jobs_completed(sp_loop *loop, sp_slot *slot)
{
    sp_jobs *jobs = sp_jobs_of(loop);
    sp_job_row *row = sp_job_table_at(jobs->table, (uint32_t)slot->owner_generation);
    SP_ASSERT(sp_job_id_equal(&row->id, &slot->command.order_create.job.id));
    sp_job_text *text = text_of_outcome(jobs, row, slot);
    sp_job_watches_tell(row, text);
    sp_job_table_done(jobs->table, row, text, slot->result.outcome == SP_OK,
                      sp_loop_now_coarse(loop));
    sp_loop_slot_give(loop, slot);
}

/* --- POST /v1/orders/queue --- */

static void accepted(sp_job_call *call)
{
    if (call->outcome != SP_OK)
        sp_app_refuse(call->ex, call->outcome);
    else
        sp_exchange_ready(call->ex);
}

void sp_jobs_start(sp_exchange *ex)
{
    sp_hash128 id;
    sp_command *command = &sp_app_loop_of(ex)->command;
    sp_answer_to to = sp_answer_to_exchange(ex);
    command->actor = ex->app.user;
    sp_app_set_idempotency(ex, &command->idempotency);
    if (command->idempotency.present)
        sp_job_id_of_key(command->actor, &command->idempotency, &id);
    else
        sp_job_id_random(sp_loop_index(ex->loop), sp_loop_count(ex->loop), &id);
    command->order_create.job = (sp_job){.present = true, .id = id};
    sp_job_call *call =
        sp_job_call_create(ex, &id, SP_JOB_CALL_SIZE + sp_app_command_size(command));
    sp_app_copy_command(&call->command, command);
    call->request_id = to.request_id;
    call->request_name = to.request_name;
    call->serve = serve_accept;
    call->served = accepted;
    sp_job_call_send(call);
}

void sp_jobs_answer_accepted(sp_exchange *ex, sp_out *out)
{
    char location[SP_JOB_LOCATION_SIZE], ticket[SP_TICKET_SIZE];
    const sp_job_call *call = sp_job_call_of(ex);
    const sp_token_ring *ring = sp_app_ring(sp_app_loop_of(ex)->app);
    sp_answer answer = {.status = 202,
                        .location = sp_job_location(&call->id, location),
                        .replayed = call->replayed};
    sp_ticket_sign(sp_token_ring_signer(ring), &call->id, call->user, sp_loop_now_coarse(ex->loop),
                   ticket);
    sp_job_put_accepted(sp_answer_json(ex, &answer, out), &call->id, ticket);
    sp_answer_json_end(ex, out);
}

/* --- GET /v1/jobs/{job} --- */

/* A job that nobody remembers is looked for among all orders, which may take the
 * sequencer as long as dozens of orders: asking counts as a write. */
void sp_jobs_ask_engine(sp_exchange *ex, const sp_hash128 *id)
{
    if (sp_write_limit_charge(ex, ex->app.user) != SP_OK) {
        sp_app_refuse(ex, SP_RATE_LIMITED);
        return;
    }
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_JOB;
    command->query_job.job = *id;
    sp_app_push(ex);
}

static void looked(sp_job_call *call)
{
    if (call->waits || call->text)
        sp_exchange_ready(call->ex);
    else
        sp_jobs_ask_engine(call->ex, &call->id);
}

void sp_jobs_start_get(sp_exchange *ex)
{
    sp_job_call *call = sp_job_call_create(ex, NULL, SP_JOB_CALL_SIZE);
    if (!call)
        return;
    call->serve = serve_look;
    call->served = looked;
    sp_job_call_send(call);
}

void sp_jobs_answer(sp_exchange *ex, sp_out *out)
{
    const sp_job_call *call = sp_job_call_of(ex);
    sp_answer answer = {.status = 200};
    sp_json_writer *json = sp_answer_json(ex, &answer, out);
    if (ex->slot) {
        const sp_order_view *order = &ex->slot->result.order;
        sp_job_put_success(json, &call->id, order,
                           sp_app_card(ex->loop, order->concert, &ex->slot->result));
    } else if (call->text) {
        sp_out_bytes(sp_json_raw(json), call->text->bytes, call->text->size);
    } else {
        sp_job_put_waiting(json, &call->id, call->place);
    }
    sp_answer_json_end(ex, out);
}

sp_outcome sp_jobs_check_ticket(sp_exchange *ex)
{
    sp_hash128 job;
    sp_ticket_holder holder;
    sp_text ticket = sp_ticket_of_query(ex->request.query);
    if (!ticket.bytes)
        return SP_TOKEN_MISSING;
    if (!sp_job_id_of_path(ex->request.path, &job))
        return SP_TOKEN_INVALID;
    sp_outcome outcome = sp_ticket_verify(sp_app_ring(sp_app_loop_of(ex)->app), &job, ticket,
                                          sp_loop_now_coarse(ex->loop), &holder);
    if (outcome == SP_OK) {
        ex->app.user = holder.user;
        ex->app.expires_at = holder.expires_at;
    }
    return outcome;
}
