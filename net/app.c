/* SPDX-License-Identifier: MIT
 *
 * One request through the application: found in the table, checked in the
 * design's order (route, token, media type, body), decoded, started; and
 * later its answer written, or the problem.
 */
#include "net/app.h"

#include <sodium.h>
#include <stdlib.h>

#include "engine/assert.h"
#include "engine/engine.h"
#include "net/access.h"
#include "net/answer.h"
#include "net/handlers.h"
#include "net/jobs.h"
#include "net/msgpack_read.h"
#include "net/negotiate.h"
#include "net/pages.h"
#include "net/problem.h"
#include "net/write_limit.h"

sp_app *sp_app_create(const sp_app_config *config)
{
    char secret[32];
    sp_app *app = calloc(1, sizeof *app);
    if (!app || sodium_init() < 0)
        goto failed;
    app->config = *config;
    sp_pages_prepare();
    randombytes_buf(secret, sizeof secret);
    if (app->config.password_cost.passes == 0)
        app->config.password_cost = sp_password_cost_default;
    app->guard = sp_login_guard_create(config->sign_ups_per_hour);
    if (!app->guard || !sp_app_set_keys(app, &config->signing_key, 1, 0) ||
        !sp_password_hash(&app->config.password_cost, secret, sizeof secret, app->dummy_hash) ||
        !sp_write_limit_init(app))
        goto failed;
    sodium_memzero(app->config.signing_key.bytes, sizeof app->config.signing_key.bytes);
    sp_openapi_init(&app->openapi, app->config.version ? app->config.version : "0");
    return app;
failed:
    if (app)
        sodium_memzero(&app->config, sizeof app->config);
    sp_app_destroy(app);
    return NULL;
}

void sp_app_destroy(sp_app *app)
{
    if (!app)
        return;
    sp_token_ring_destroy(atomic_load_explicit(&app->ring, memory_order_relaxed));
    sp_login_guard_destroy(app->guard);
    sp_rate_table_destroy(app->rates);
    sp_rate_row_destroy(app->user_rates);
    sp_openapi_close(&app->openapi);
    free(app);
}

bool sp_app_set_keys(sp_app *app, const sp_signing_key *keys, uint32_t count, sp_time_ms now)
{
    /* Relaxed: nobody but the caller ever writes it. */
    sp_token_ring *before = atomic_load_explicit(&app->ring, memory_order_relaxed);
    sp_token_ring *ring = sp_token_ring_create(keys, count, before, now);
    if (!ring)
        return false;
    if (before && sp_token_ring_equal(ring, before)) {
        ring->older = NULL; /* it stays where it is: no cache need be emptied */
        sp_token_ring_destroy(ring);
        return true;
    }
    /* Release: pairs with the acquire of sp_app_ring in the loops. */
    atomic_store_explicit(&app->ring, ring, memory_order_release);
    return true;
}

void *sp_app_loop_create(void *app, sp_loop *loop)
{
    size_t words_size = sp_words_of_seats(SP_SEATS_PER_CONCERT_MAX) * sizeof(uint64_t);
    sp_app_loop *app_loop = calloc(1, sizeof *app_loop);
    if (!app_loop)
        return NULL;
    app_loop->app = app;
    app_loop->loop = loop;
    app_loop->metrics = sp_loop_metrics(loop);
    SP_ASSERT_CMP(app_loop->metrics->routes_count, >, sp_routes_count);
    app_loop->date_s = -1;
    sp_out_init(&app_loop->packed);
    app_loop->reader = sp_json_reader_create();
    app_loop->json = sp_json_writer_create();
    app_loop->verifier = sp_token_verifier_create(sp_app_ring(app), app_loop->reader);
    app_loop->sold = malloc(words_size);
    app_loop->held = malloc(words_size);
    sp_pulses_init(&app_loop->pulses, sp_loop_uv(loop));
    app_loop->jobs = sp_jobs_create(loop);
    bool has_access = sp_logger_has_access(app_loop->app->config.logger);
    if (has_access)
        app_loop->access = sp_access_log_create(app_loop->app->config.logger);
    if ((has_access && !app_loop->access) || !app_loop->reader || !app_loop->json ||
        !app_loop->verifier || !app_loop->sold || !app_loop->held || !app_loop->jobs) {
        sp_app_loop_destroy(app_loop);
        return NULL;
    }
    sp_password_gate_init(&app_loop->gate, sp_loop_uv(loop), app_loop->app->config.loops_count);
    return app_loop;
}

void sp_app_loop_destroy(void *context)
{
    sp_app_loop *app_loop = context;
    if (!app_loop)
        return;
    /* Its connections are closed. */
    SP_ASSERT(app_loop->seat_watch == NULL);
    SP_ASSERT_CMP(app_loop->pulses.count, ==, 0);
    sp_token_verifier_destroy(app_loop->verifier);
    sp_json_reader_destroy(app_loop->reader);
    sp_json_writer_destroy(app_loop->json);
    sp_access_log_destroy(app_loop->access);
    sp_jobs_destroy(app_loop->jobs);
    sp_out_close(&app_loop->packed);
    free(app_loop->sold);
    free(app_loop->held);
    free(app_loop);
}

void sp_app_refuse(sp_exchange *ex, sp_outcome outcome)
{
    SP_ASSERT_CMP(outcome, !=, SP_OK);
    if (outcome == SP_INTERNAL)
        sp_access_failed(ex);
    ex->app.outcome = outcome;
    sp_exchange_ready(ex);
}

void sp_app_refuse_limited(sp_exchange *ex, sp_throttle throttle, uint32_t retry_after_s)
{
    sp_counter_add(&sp_app_loop_of(ex)->metrics->throttled[throttle], 1);
    ex->app.retry_after_s = retry_after_s;
    ex->app.limited = false; /* the fields tell of another limit, that was kept */
    sp_app_refuse(ex, SP_RATE_LIMITED);
}

/* Refuses with what was noted while decoding. Takes the place of anything
 * that a decoder has left in the exchange's memory. */
static void refuse_noted(sp_exchange *ex, sp_outcome outcome)
{
    free(ex->app.memory);
    ex->app.memory = sp_field_errors_copy(&sp_app_loop_of(ex)->errors);
    sp_app_refuse(ex, outcome);
}

sp_text sp_app_keep_text(sp_exchange *ex, sp_text text)
{
    SP_ASSERT(!ex->app.memory);
    char *copy = malloc(text.size ? text.size : 1);
    SP_ASSERT(copy);
    memcpy(copy, text.bytes, text.size);
    ex->app.memory = copy;
    return (sp_text){copy, text.size};
}

sp_account_work *sp_app_work(sp_exchange *ex)
{
    if (!ex->app.work) {
        sp_account_work *work = calloc(1, sizeof *work);
        SP_ASSERT(work);
        work->ex = ex;
        work->app = sp_app_loop_of(ex)->app;
        ex->app.work = work;
    }
    return ex->app.work;
}

static bool is_waited_for(const sp_password_job *job)
{
    return !((const sp_account_work *)job)->ex->gone;
}

bool sp_app_compute(sp_exchange *ex, void (*compute)(sp_password_job *job),
                    void (*done)(sp_password_job *job))
{
    sp_password_job *job = &sp_app_work(ex)->job;
    job->is_wanted = is_waited_for;
    job->network = sp_client_network(&ex->client);
    job->wide_network = sp_client_wide_network(&ex->client);
    job->compute = compute;
    job->done = done;
    if (sp_password_gate_enter(&sp_app_loop_of(ex)->gate, job))
        return true;
    sp_counter_add(&sp_app_loop_of(ex)->metrics->throttled[SP_THROTTLE_HASHING], 1);
    sp_app_refuse(ex, SP_BUSY);
    return false;
}

/* Pool thread. */
static void on_read_profile(uv_work_t *request)
{
    sp_account_work *work = request->data;
    sp_profile_reader *profiles = work->app->config.profiles;
    int found = profiles->by_id(profiles, work->profile.user, &work->profile);
    work->has_profile = found == 1;
    bool failed = found < 0 || profiles->settled(profiles) < 0;
    work->outcome = failed ? SP_INTERNAL : SP_OK;
}

static void on_profile_read(uv_work_t *request, int status)
{
    (void)status; /* nobody cancels */
    sp_account_work *work = request->data;
    sp_exchange *ex = work->ex;
    if (ex->gone)
        sp_exchange_abandon(ex);
    else if (work->outcome != SP_OK)
        sp_app_refuse(ex, work->outcome);
    else
        sp_exchange_ready(ex);
}

void sp_app_read_profile(sp_exchange *ex, sp_user_id user)
{
    sp_account_work *work = sp_app_work(ex);
    work->profile.user = user;
    work->job.work.data = work;
    int status =
        uv_queue_work(sp_loop_uv(ex->loop), &work->job.work, on_read_profile, on_profile_read);
    SP_ASSERT_CMP(status, ==, 0); /* fails only without a callback */
}

/* The server's own state comes before anything about the request. */
static sp_outcome check_server(const sp_app *app, const sp_exchange *ex, const sp_route *route)
{
    if (route && (route->always || (ex->ops && route->ops == SP_OPS_ALWAYS)))
        return SP_OK;
    if (atomic_load_explicit(app->config.failed, memory_order_acquire))
        return SP_STOPPING;
    if (!atomic_load_explicit(app->config.serving, memory_order_acquire))
        return SP_STARTING;
    return SP_OK;
}

static sp_outcome check_token(sp_exchange *ex)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    sp_text token = sp_bearer_token(ex->request.headers[SP_HEADER_AUTHORIZATION]);
    if (!token.bytes)
        return SP_TOKEN_MISSING;
    sp_token_holder holder;
    sp_token_verifier_use(app_loop->verifier, sp_app_ring(app_loop->app));
    sp_outcome outcome =
        sp_token_verify(app_loop->verifier, token, sp_loop_now_coarse(ex->loop), &holder);
    if (outcome == SP_OK) {
        ex->app.user = holder.user;
        ex->app.session = holder.session;
        ex->app.expires_at = holder.expires_at;
    }
    return outcome;
}

static sp_outcome check_who(sp_exchange *ex, const sp_route *route)
{
    if (route->who == SP_WHO_SIGN_UP && !sp_app_loop_of(ex)->app->config.signup_open)
        return SP_SIGNUP_CLOSED;
    if (route->who < SP_WHO_USER || ex->ops)
        return SP_OK;
    if (route->ticket && !ex->request.headers[SP_HEADER_AUTHORIZATION].bytes)
        return sp_jobs_check_ticket(ex);
    return check_token(ex);
}

static sp_outcome check_body_media(sp_exchange *ex, const sp_route *route)
{
    const sp_request *request = &ex->request;
    if (route->body == SP_BODY_NONE || request->body.size == 0)
        return SP_OK;
    sp_media_kind kind = sp_media_kind_of(request->headers[SP_HEADER_CONTENT_TYPE]);
    ex->app.body_is_msgpack = kind == SP_MEDIA_MSGPACK;
    bool known = kind == SP_MEDIA_JSON || (kind == SP_MEDIA_MSGPACK && route->msgpack);
    return known && sp_coding_is_identity(sp_request_rare(request, SP_HEADER_CONTENT_ENCODING))
               ? SP_OK
               : SP_UNSUPPORTED_MEDIA_TYPE;
}

static sp_outcome check_media(sp_exchange *ex, const sp_route *route)
{
    sp_text accept = ex->request.headers[SP_HEADER_ACCEPT];
    sp_outcome outcome = check_body_media(ex, route);
    if (outcome != SP_OK)
        return outcome;
    if (route->streams)
        return sp_accept_allows_events(accept) ? SP_OK : SP_NOT_ACCEPTABLE;
    if (!route->msgpack)
        return sp_accept_allows_json(accept) ? SP_OK : SP_NOT_ACCEPTABLE;
    sp_media_kind kind = sp_accept_choose(accept);
    ex->app.answer_is_msgpack = kind == SP_MEDIA_MSGPACK;
    return kind != SP_MEDIA_UNKNOWN ? SP_OK : SP_NOT_ACCEPTABLE;
}

static bool check_key(sp_decode *decode, sp_text key)
{
    bool ok = key.size >= 1 && key.size <= SP_KEY_SIZE_MAX;
    for (uint32_t i = 0; ok && i < key.size; i++)
        ok = key.bytes[i] > ' ' && key.bytes[i] <= '~';
    if (!ok)
        sp_decode_fail(decode, SP_FIELD("Idempotency-Key"), "format",
                       "1 to 255 visible ASCII characters");
    return ok;
}

static const sp_json_node *read_body(const sp_exchange *ex)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    const char **why = &app_loop->errors.detail;
    if (ex->app.body_is_msgpack)
        return sp_msgpack_read(app_loop->reader, ex->request.body, why);
    return sp_json_read(app_loop->reader, ex->request.body, why);
}

/* Body, query, key: all that is wrong with their shape in one list. false =
 * refused. */
static bool decode_request(sp_exchange *ex, const sp_route *route)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    const sp_request *request = &ex->request;
    sp_decode decode = {app_loop->reader, &app_loop->errors};
    const sp_json_node *root = NULL;
    sp_field_errors_clear(&app_loop->errors);
    bool has_body =
        route->body == SP_BODY_JSON || (route->body == SP_BODY_OPTIONAL && request->body.size > 0);
    bool scanned =
        route->scan && !ex->app.body_is_msgpack && route->scan(request->body, &app_loop->command);
    if (has_body && !scanned) {
        root = read_body(ex);
        if (!root) {
            refuse_noted(ex, SP_MALFORMED_BODY);
            return false;
        }
    }
    bool ok = sp_decode_query(&decode, request->query, route->params, ex->app.numbers);
    if (route->keyed && request->headers[SP_HEADER_IDEMPOTENCY_KEY].bytes)
        ok = check_key(&decode, request->headers[SP_HEADER_IDEMPOTENCY_KEY]) && ok;
    if (route->decode && !scanned)
        ok = route->decode(ex, &decode, root) && ok;
    if (!ok)
        refuse_noted(ex, SP_VALIDATION_FAILED);
    return ok;
}
_Static_assert(SP_PARAMS <= 5, "sp_exchange.app.numbers has room for five");

static sp_outcome check(sp_exchange *ex, const sp_route *route, unsigned allowed)
{
    sp_outcome outcome = check_server(sp_app_loop_of(ex)->app, ex, route);
    if (outcome != SP_OK)
        return outcome;
    /* Where there is no route the token only says on whose account that goes. */
    sp_outcome who = route ? check_who(ex, route) : check_token(ex);
    outcome = sp_write_limit_take(ex, who == SP_OK ? ex->app.user : 0);
    if (outcome != SP_OK)
        return outcome;
    if (!route)
        return allowed ? SP_METHOD_NOT_ALLOWED : SP_ROUTE_UNKNOWN;
    return who != SP_OK || route->plain ? who : check_media(ex, route);
}

/* By the operator's listener there is nothing but what a row says is there. */
static bool is_hidden(const sp_exchange *ex)
{
    bool served = false;
    for (uint32_t i = 0; ex->ops && !served && i < sp_routes_count; i++)
        served = sp_routes[i].ops != SP_OPS_NOT &&
                 sp_text_equal(ex->request.path, (sp_text){sp_routes[i].pattern,
                                                           (uint32_t)strlen(sp_routes[i].pattern)});
    return ex->ops && !served;
}

/* `OPTIONS *` asks about the server as a whole. */
static sp_route_match match_of(const sp_exchange *ex)
{
    const sp_request *request = &ex->request;
    if (is_hidden(ex))
        return (sp_route_match){0};
    if (request->method == SP_METHOD_OPTIONS && sp_text_equal(request->path, SP_TEXT("*")))
        return (sp_route_match){.allowed = sp_router_methods()};
    return sp_router_match(request->method, request->path);
}

static void foresee(sp_loop *loop, sp_text token)
{
    const sp_app_loop *app_loop = sp_loop_app(loop);
    sp_token_prefetch(app_loop->verifier, token);
}

static void begin(sp_exchange *ex)
{
    if (sp_access_is_on(sp_app_loop_of(ex)))
        sp_access_begin(ex);
    sp_route_match match = match_of(ex);
    const sp_route *route = match.route;
    const sp_cors *cors = sp_app_loop_of(ex)->app->config.cors;
    if (cors)
        ex->app.origin = sp_cors_find(cors, sp_request_rare(&ex->request, SP_HEADER_ORIGIN));
    ex->app.route = route;
    memcpy(ex->app.params, match.params, sizeof ex->app.params);
    sp_outcome outcome = check(ex, route, match.allowed);
    if (outcome != SP_OK)
        sp_app_refuse(ex, outcome);
    else if (!decode_request(ex, route))
        return;
    else if (route->start)
        route->start(ex);
    else
        sp_exchange_ready(ex);
}

static void completed(sp_exchange *ex)
{
    const sp_route *route = sp_route_of(ex);
    if (ex->slot->result.outcome != SP_OK && route->refused && route->refused(ex))
        return;
    if (ex->slot->result.outcome == SP_OK && route->completed)
        route->completed(ex);
    else
        sp_exchange_ready(ex);
}

static bool is_preflight(const sp_request *request)
{
    return sp_request_rare(request, SP_HEADER_ORIGIN).bytes &&
           sp_request_rare(request, SP_HEADER_ACCESS_CONTROL_REQUEST_METHOD).bytes;
}

/* OPTIONS is answered from the table for every path that is in it. */
static void answer_method(sp_exchange *ex, sp_out *out)
{
    char allow[SP_ALLOW_SIZE_MAX], preflight[SP_CORS_PREFLIGHT_SIZE_MAX];
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    sp_text methods = {allow, sp_router_allow(match_of(ex).allowed, allow)};
    if (ex->request.method == SP_METHOD_OPTIONS) {
        sp_answer answer = {.status = 204, .allow = methods};
        if (ex->app.origin != 0 && is_preflight(&ex->request))
            answer.lines = (sp_text){preflight, sp_cors_preflight(methods, preflight)};
        sp_answer_write(app_loop, sp_answer_to_exchange(ex), &answer, out);
        return;
    }
    sp_problem problem = {.outcome = SP_METHOD_NOT_ALLOWED, .allow = methods};
    sp_problem_write(app_loop, sp_answer_to_exchange(ex), &problem, out);
}

/* A refusal of the engine, with its details. */
static void answer_refusal(sp_exchange *ex, sp_out *out)
{
    const sp_slot *slot = ex->slot;
    sp_problem problem = {.outcome = slot->result.outcome, .refusal = &slot->result.refusal};
    if (slot->command.type == SP_COMMAND_ORDER_CREATE) /* of a hold: there is no concert */
        problem.card = sp_app_card(ex->loop, slot->command.order_create.concert, &slot->result);
    else if (slot->command.type == SP_COMMAND_HOLD_TAKE)
        problem.card = sp_app_card(ex->loop, slot->command.hold_take.concert, &slot->result);
    sp_problem_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &problem, out);
}

static void write_answer(sp_exchange *ex, sp_out *out)
{
    sp_outcome outcome = ex->app.outcome;
    if (outcome == SP_METHOD_NOT_ALLOWED) {
        answer_method(ex, out);
    } else if (outcome != SP_OK) {
        bool noted = outcome == SP_VALIDATION_FAILED || outcome == SP_MALFORMED_BODY;
        const sp_field_errors *errors = noted ? ex->app.memory : NULL;
        sp_problem problem = {.outcome = outcome,
                              .errors = errors,
                              .detail = errors ? errors->detail : NULL,
                              .retry_after_s = ex->app.retry_after_s};
        sp_problem_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &problem, out);
    } else if (ex->slot && ex->slot->result.outcome != SP_OK) {
        answer_refusal(ex, out);
    } else {
        sp_route_of(ex)->answer(ex, out);
    }
}

/* The last row of the counters is for what has no route. */
static void count_answer(const sp_exchange *ex)
{
    const sp_app_loop *app_loop = sp_app_loop_of(ex);
    const sp_route *route = sp_route_of(ex);
    uint32_t row = route ? (uint32_t)(route - sp_routes) : sp_routes_count;
    sp_metrics_answered(app_loop->metrics, row, app_loop->answer.status, sp_exchange_age_ns(ex));
}

static void answer(sp_exchange *ex, sp_out *out)
{
    size_t before = out->size;
    write_answer(ex, out);
    count_answer(ex);
    if (sp_access_is_on(sp_app_loop_of(ex)))
        sp_access_answered(ex, out->bytes + before, out->size - before);
}

static void end(sp_exchange *ex)
{
    if (ex->gone)
        sp_counter_add(&sp_app_loop_of(ex)->metrics->left, 1);
    if (ex->gone && sp_access_is_on(sp_app_loop_of(ex)))
        sp_access_left(ex);
    /* By the route, not by the command: that would be one more line to fetch
     * back from the sequencer's cache, for every order. */
    bool lists = ex->app.route && sp_route_of(ex)->lists;
    if (lists && ex->slot && ex->slot->result.outcome == SP_OK)
        sp_result_release(ex->slot->command.type, &ex->slot->result);
    if (ex->app.route && sp_route_of(ex)->end)
        sp_route_of(ex)->end(ex);
    if (ex->app.work) {
        /* A password, or a hash of one, may be in it. */
        sodium_memzero(ex->app.work, sizeof(sp_account_work));
        free(ex->app.work);
    }
}

static void refuse(sp_loop *loop, const sp_refused *refused, sp_out *out)
{
    char allow[SP_ALLOW_SIZE_MAX];
    const sp_app_loop *app_loop = sp_loop_app(loop);
    size_t before = out->size;
    sp_problem problem = {.outcome = refused->outcome, .detail = refused->detail};
    /* A 405 must name methods (RFC 9110, 15.5.6); one that is not known to
     * HTTP's reader is not known to any path, so those of all are named. */
    if (refused->outcome == SP_METHOD_NOT_ALLOWED)
        problem.allow = (sp_text){allow, sp_router_allow(sp_router_methods(), allow)};
    sp_answer_to to = {.request_id = refused->id,
                       .request_name = refused->request_id,
                       .origin = sp_cors_find(app_loop->app->config.cors, refused->origin),
                       .head = refused->head,
                       .close = true};
    sp_problem_write(sp_loop_app(loop), to, &problem, out);
    sp_counter_add(
        &app_loop->metrics->routes[sp_routes_count].statuses[sp_status_of(app_loop->answer.status)],
        1);
    if (sp_access_is_on(app_loop))
        sp_access_refused(app_loop, refused, out->bytes + before, out->size - before);
}

const sp_app_ops sp_app_ops_http = {
    .foresee = foresee,
    .begin = begin,
    .completed = completed,
    .answer = answer,
    .end = end,
    .refuse = refuse,
    .slot_completed = sp_jobs_completed,
};
