/* SPDX-License-Identifier: MIT */
#include "net/problem.h"

#include <stdio.h>

#include "engine/assert.h"
#include "net/encode.h"

/* A sentence for those outcomes of which more can be said than their title. */
static const char *detail_of(sp_outcome outcome)
{
    switch (outcome) {
    case SP_NOT_ACCEPTABLE:
        return "Answers are application/json or application/problem+json.";
    case SP_UNSUPPORTED_MEDIA_TYPE:
        return "Bodies are taken as application/json in UTF-8.";
    case SP_VALIDATION_FAILED:
        return "See errors for every field that is wrong.";
    case SP_TOKEN_MISSING:
        return "Send the access token as `Authorization: Bearer`.";
    case SP_TOKEN_EXPIRED:
        return "Log in again for a new access token.";
    case SP_SEAT_UNKNOWN:
        return "See seats for those that the concert does not have.";
    case SP_IDEMPOTENCY_MISMATCH:
        return "The first request with this key was another.";
    case SP_SEAT_TAKEN:
        return "Nothing was sold. See seats for those that are taken.";
    case SP_SALES_NOT_OPEN:
        return "See opensAt.";
    case SP_AMOUNT_MISMATCH:
        return "Nothing was sold. See amount for the price of these seats.";
    case SP_INSUFFICIENT_POINTS:
        return "Nothing was sold. See points for your balance.";
    case SP_SEAT_LIMIT:
        return "See max for the limit of this concert and have for your seats.";
    case SP_CANCEL_CLOSED:
        return "Orders of this concert could be cancelled until cancelUntil.";
    case SP_EMAIL_TAKEN:
        return "Log in, or sign up with another address.";
    case SP_QUEUE_FULL:
    case SP_BUSY:
        return "Nothing was done. Try again in a moment.";
    case SP_STARTING:
        return "The log is being read. Try again in a moment.";
    case SP_STOPPING:
        return "Nothing was done. Try again in a moment.";
    case SP_OUTCOME_UNKNOWN:
        return "Try again with the same Idempotency-Key.";
    case SP_STORAGE_FULL:
        return "Nothing was done: the disk has too little space left.";
    case SP_LIMIT_REACHED:
        return "Nothing was done. See limit.";
    default:
        return sp_outcome_row_of(outcome)->title;
    }
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
        if (problem->outcome == SP_SEAT_UNKNOWN) {
            sp_json_integer(json, conflict->seat);
            continue;
        }
        sp_json_object(json);
        sp_json_put_integer(json, "seat", conflict->seat);
        sp_json_key(json, "label");
        sp_encode_label(json, problem->card, conflict->seat);
        sp_json_put_string(json, "state", conflict->state == SP_SEAT_SOLD ? "sold" : "held");
        sp_json_put_integer(json, "seq", (int64_t)conflict->seq);
        sp_json_object_end(json);
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

static void put_body(sp_json_writer *json, uint64_t request_id, const sp_problem *problem)
{
    const sp_outcome_row *row = sp_outcome_row_of(problem->outcome);
    char text[64];
    sp_json_object(json);
    snprintf(text, sizeof text, "urn:stagepick:%s", row->code);
    sp_json_put_string(json, "type", text);
    sp_json_put_string(json, "title", row->title);
    sp_json_put_integer(json, "status", row->http_status);
    sp_json_put_string(json, "detail",
                       problem->detail ? problem->detail : detail_of(problem->outcome));
    sp_json_put_string(json, "code", row->code);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)request_id);
    sp_json_put_string(json, "requestId", text);
    put_extensions(json, problem);
    sp_json_object_end(json);
}

/* RFC 6750, 3: no error code where no token was sent. */
static const char *challenge(sp_outcome outcome)
{
    if (sp_outcome_row_of(outcome)->http_status != 401)
        return NULL;
    bool had_token = outcome == SP_TOKEN_INVALID || outcome == SP_TOKEN_EXPIRED;
    return had_token ? "Bearer error=\"invalid_token\"" : "Bearer";
}

void sp_problem_write(sp_app_loop *app_loop, sp_answer_to to, const sp_problem *problem,
                      sp_out *out)
{
    const sp_outcome_row *row = sp_outcome_row_of(problem->outcome);
    SP_ASSERT_CMP(problem->outcome, !=, SP_OK);
    sp_out *body = sp_loop_scratch(app_loop->loop);
    sp_out_clear(body);
    sp_json_begin(app_loop->json, body);
    put_body(app_loop->json, to.request_id, problem);
    sp_answer answer = {
        .status = row->http_status,
        .content_type = "application/problem+json",
        .body = {body->bytes, (uint32_t)body->size},
        .allow = problem->allow,
        .www_authenticate = challenge(problem->outcome),
        .retryable = row->retryable,
        /* A cache may keep a 404 on its own account (RFC 9111, 4.2.2), and
         * hide with it what has come into being since. */
        .no_store = true,
    };
    sp_answer_write(app_loop, to, &answer, out);
}

void sp_problem_answer(sp_exchange *ex, sp_outcome outcome, sp_out *out)
{
    sp_problem problem = {.outcome = outcome};
    sp_problem_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &problem, out);
}
