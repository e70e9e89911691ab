/* SPDX-License-Identifier: MIT */
#include "net/problem.h"

#include "engine/assert.h"
#include "net/encode.h"

/* What is the same in each problem of an outcome is spelled out by the
 * compiler, as members of the body. */
/* clang-format off */
#define LITERAL(text) {text, sizeof(text) - 1}
/* clang-format on */
#define DETAIL(text) LITERAL(",\"detail\":\"" text "\"")

static const struct {
    sp_text front;           /* type, title, status */
    sp_text title_as_detail; /* where there is no more to say */
    sp_text code;
} members[] = {
#define MEMBERS(number, id, code, status, retryable, title)                       \
    [number] = {LITERAL(",\"type\":\"urn:stagepick:" code "\",\"title\":\"" title \
                        "\",\"status\":" #status),                                \
                DETAIL(title), LITERAL(",\"code\":\"" code "\"")},
    SP_OUTCOMES(MEMBERS)
#undef MEMBERS
};

/* A sentence for those outcomes of which more can be said than their title. */
static const sp_text details[sizeof members / sizeof members[0]] = {
    [SP_NOT_ACCEPTABLE] = DETAIL("Answers are application/json, those about orders, holds and "
                                 "seats application/msgpack too; problems are "
                                 "application/problem+json."),
    [SP_UNSUPPORTED_MEDIA_TYPE] = DETAIL("Bodies are taken as application/json in UTF-8, those of "
                                         "orders and holds as application/msgpack too, "
                                         "without a content coding."),
    [SP_VALIDATION_FAILED] = DETAIL("See errors for every field that is wrong."),
    [SP_TOKEN_MISSING] = DETAIL("Send the access token as `Authorization: Bearer`."),
    [SP_TOKEN_EXPIRED] = DETAIL("Refresh it, or log in again."),
    [SP_REFRESH_INVALID] = DETAIL("Log in again."),
    [SP_REFRESH_REUSED] = DETAIL("All tokens of that log-in have ended. Log in again."),
    [SP_SEAT_UNKNOWN] = DETAIL("See seats for those that the concert does not have."),
    [SP_IDEMPOTENCY_MISMATCH] = DETAIL("The first request with this key was another."),
    [SP_SEAT_TAKEN] = DETAIL("Nothing was taken. See seats for those that are taken."),
    [SP_SALES_NOT_OPEN] = DETAIL("See opensAt."),
    [SP_AMOUNT_MISMATCH] = DETAIL("Nothing was sold. See amount for the price of these seats."),
    [SP_HOLD_EXPIRED] = DETAIL("Its seats are free again, or another's. Hold or buy anew."),
    [SP_HOLD_EXTEND_LIMIT] = DETAIL("Buy its seats before it ends."),
    [SP_NO_ADJACENT_SEATS] = DETAIL("Nothing was held. See largestRun for how many neighbours "
                                    "can be had, or allow the group to be split."),
    [SP_ORPHAN_SEAT] = DETAIL("Nothing was taken. See seats for those that would be left alone."),
    [SP_INSUFFICIENT_POINTS] = DETAIL("Nothing was sold. See points for your balance."),
    [SP_SEAT_LIMIT] = DETAIL("See max for the limit of this concert and have for your seats."),
    [SP_CANCEL_CLOSED] = DETAIL("Orders of this concert could be cancelled until cancelUntil."),
    [SP_EMAIL_TAKEN] = DETAIL("Log in, or sign up with another address."),
    [SP_RATE_LIMITED] = DETAIL("Nothing was done. See Retry-After."),
    [SP_QUEUE_FULL] = DETAIL("Nothing was done. Try again in a moment."),
    [SP_BUSY] = DETAIL("Nothing was done. Try again in a moment."),
    [SP_STARTING] = DETAIL("The log is being read. Try again in a moment."),
    [SP_STOPPING] = DETAIL("Nothing was done. Try again in a moment."),
    [SP_OUTCOME_UNKNOWN] = DETAIL("Try again with the same Idempotency-Key."),
    [SP_STORAGE_FULL] = DETAIL("Nothing was done: the disk has too little space left."),
    [SP_LIMIT_REACHED] = DETAIL("Nothing was done. See limit."),
};

static sp_text detail_of(sp_outcome outcome)
{
    return details[outcome].bytes ? details[outcome] : members[outcome].title_as_detail;
}

static void put_error(sp_json_writer *json, const char *field, const char *code, const char *detail)
{
    sp_json_object(json);
    sp_json_put_string(json, "field", field);
    sp_json_put_string(json, "code", code);
    sp_json_put_string(json, "detail", detail);
    sp_json_object_end(json);
}

/* Shape is refused on the loop, with a list; what only the state can judge
 * comes from the engine, one field at a time. */
static void put_errors(sp_json_writer *json, const sp_problem *problem)
{
    sp_json_key(json, "errors");
    sp_json_array(json);
    for (uint32_t i = 0; problem->errors && i < problem->errors->count; i++) {
        const sp_field_error *error = &problem->errors->items[i];
        put_error(json, error->field, error->code, error->detail);
    }
    if (!problem->errors && problem->refusal && problem->refusal->field)
        put_error(json, problem->refusal->field, "invalid", problem->refusal->detail);
    sp_json_array_end(json);
}

static void put_conflicts(sp_json_writer *json, const sp_problem *problem)
{
    const sp_refusal *refusal = problem->refusal;
    sp_json_key(json, "seats");
    sp_json_array(json);
    for (uint32_t i = 0; i < refusal->conflicts_count; i++) {
        const sp_seat_conflict *conflict = &refusal->conflicts[i];
        if (problem->outcome == SP_SEAT_UNKNOWN)
            sp_json_integer(json, conflict->seat);
        else if (problem->outcome == SP_ORPHAN_SEAT)
            sp_encode_orphan(json, conflict->seat, problem->card);
        else
            sp_encode_conflict(json, conflict, problem->card);
    }
    sp_json_array_end(json);
}

/* The members that the design names for this outcome. */
static void put_extensions(sp_json_writer *json, const sp_problem *problem)
{
    const sp_refusal *refusal = problem->refusal;
    if (problem->outcome == SP_VALIDATION_FAILED)
        put_errors(json, problem);
    if (!refusal)
        return;
    switch (problem->outcome) {
    case SP_SEAT_TAKEN:
    case SP_SEAT_UNKNOWN:
    case SP_ORPHAN_SEAT:
        put_conflicts(json, problem);
        break;
    case SP_SALES_NOT_OPEN:
        sp_json_put_time(json, "opensAt", refusal->opens_at);
        break;
    case SP_AMOUNT_MISMATCH:
        sp_json_put_integer(json, "amount", refusal->amount);
        break;
    case SP_INSUFFICIENT_POINTS:
        sp_json_put_integer(json, "points", refusal->points);
        break;
    case SP_SEAT_LIMIT:
        sp_json_put_integer(json, "max", refusal->max);
        sp_json_put_integer(json, "have", refusal->have);
        break;
    case SP_NO_ADJACENT_SEATS:
        sp_json_put_integer(json, "largestRun", refusal->largest_run);
        break;
    case SP_CANCEL_CLOSED:
        sp_json_put_time(json, "cancelUntil", refusal->cancel_until);
        break;
    case SP_LIMIT_REACHED:
        sp_json_put_string(json, "limit", refusal->limit ? refusal->limit : "unnamed");
        break;
    default:
        break;
    }
}

void sp_problem_encode(sp_json_writer *json, sp_answer_to to, const sp_problem *problem)
{
    sp_json_object(json);
    sp_json_members(json, members[problem->outcome].front);
    if (problem->detail)
        sp_json_put_string(json, "detail", problem->detail);
    else
        sp_json_members(json, detail_of(problem->outcome));
    sp_json_members(json, members[problem->outcome].code);
    sp_json_key(json, "requestId");
    if (to.request_name.bytes)
        sp_json_text(json, to.request_name);
    else
        sp_json_hex(json, to.request_id);
    put_extensions(json, problem);
    sp_json_object_end(json);
}

/* RFC 6750, 3: no error code where no token was sent. */
static sp_text challenge(const sp_outcome_row *row, sp_outcome outcome)
{
    if (row->http_status != 401)
        return (sp_text){NULL, 0};
    bool had_token = outcome == SP_TOKEN_INVALID || outcome == SP_TOKEN_EXPIRED;
    return had_token ? SP_TEXT("Bearer error=\"invalid_token\"") : SP_TEXT("Bearer");
}

void sp_problem_write(sp_app_loop *app_loop, sp_answer_to to, const sp_problem *problem,
                      sp_out *out)
{
    const sp_outcome_row *row = sp_outcome_row_of(problem->outcome);
    SP_ASSERT_CMP(problem->outcome, !=, SP_OK);
    sp_counter_add(&app_loop->metrics->rejections[problem->outcome], 1);
    sp_answer answer = {
        .status = row->http_status,
        .problem = true,
        .allow = problem->allow,
        .www_authenticate = challenge(row, problem->outcome),
        .retryable = row->retryable,
        .retry_after_s = problem->retry_after_s,
        /* A cache may keep a 404 on its own account (RFC 9111, 4.2.2), and
         * hide with it what has come into being since. */
        .no_store = true,
    };
    sp_problem_encode(sp_answer_begin(app_loop, to, &answer, out), to, problem);
    sp_answer_end(app_loop, out);
}

void sp_problem_answer(sp_exchange *ex, sp_outcome outcome, sp_out *out)
{
    sp_problem problem = {.outcome = outcome, .retry_after_s = ex->app.retry_after_s};
    sp_problem_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &problem, out);
}
