/* SPDX-License-Identifier: MIT */
#include "net/route_outcomes.h"

#define FITS(number, id, code, status, retryable, title) \
    _Static_assert((number) < SP_OUTCOME_NUMBERS, "a set has room for it");
SP_OUTCOMES(FITS)
#undef FITS

static void add_all(sp_outcome_set *set, const sp_outcome *outcomes)
{
    for (; outcomes && *outcomes != SP_OK; outcomes++)
        sp_outcome_set_add(set, *outcomes);
}

#define ADD(set, ...) add_all((set), (const sp_outcome[]){__VA_ARGS__, SP_OK})

/* What the transport says, whatever is asked for: net/http.c, net/conn_timing.c. */
static void add_transport(sp_outcome_set *set)
{
    ADD(set, SP_MALFORMED_REQUEST, SP_REQUEST_TIMEOUT, SP_BODY_TOO_LARGE, SP_URI_TOO_LONG,
        SP_HEADERS_TOO_LARGE, SP_TRANSFER_CODING_UNKNOWN, SP_HTTP_VERSION);
}

static bool is_write(const sp_route *route)
{
    return route->method != SP_METHOD_GET;
}

/* Its command is decided later, and what becomes of it is told by a job. */
static bool is_queued(const sp_route *route)
{
    return route->response == SP_SCHEMA_JOB_ACCEPTED;
}

/* What app.c checks before the handler, in its order. */
static void add_checks(sp_outcome_set *set, const sp_route *route)
{
    if (!route->always)
        ADD(set, SP_STARTING, SP_STOPPING);
    if (is_write(route))
        ADD(set, SP_RATE_LIMITED);
    if (route->who == SP_WHO_SIGN_UP)
        ADD(set, SP_SIGNUP_CLOSED);
    if (route->who >= SP_WHO_USER)
        ADD(set, SP_TOKEN_MISSING, SP_TOKEN_INVALID, SP_TOKEN_EXPIRED);
    if (!route->plain)
        ADD(set, SP_NOT_ACCEPTABLE);
    if (route->body != SP_BODY_NONE)
        ADD(set, SP_UNSUPPORTED_MEDIA_TYPE, SP_MALFORMED_BODY);
    ADD(set, SP_VALIDATION_FAILED); /* there is none without a query */
}

/* What the engine refuses before it looks at the command (engine/decide.c), and
 * the sequencer behind that. */
static void add_decided(sp_outcome_set *set, const sp_route *route)
{
    ADD(set, SP_OUTCOME_UNKNOWN);
    if (route->who >= SP_WHO_USER)
        ADD(set, SP_TOKEN_INVALID);
    if (route->who >= SP_WHO_HOST)
        ADD(set, SP_ROLE_REQUIRED);
    if (route->keyed)
        ADD(set, SP_IDEMPOTENCY_MISMATCH, SP_LIMIT_REACHED);
    if (is_write(route))
        ADD(set, SP_STORAGE_FULL);
}

sp_outcome_set sp_route_outcomes(const sp_route *route)
{
    sp_outcome_set set = {0};
    add_transport(&set);
    add_checks(&set, route);
    if (route->start)
        ADD(&set, SP_QUEUE_FULL, SP_INTERNAL);
    if (route->lists)
        ADD(&set, SP_BUSY);
    if (is_queued(route))
        return set;
    if (route->start)
        add_decided(&set, route);
    add_all(&set, route->outcomes);
    return set;
}

sp_outcome_set sp_route_job_outcomes(const sp_route *route)
{
    sp_outcome_set set = {0};
    if (!is_queued(route))
        return set;
    add_decided(&set, route);
    add_all(&set, route->outcomes);
    return set;
}

sp_outcome_set sp_unrouted_outcomes(void)
{
    sp_outcome_set set = {0};
    add_transport(&set);
    ADD(&set, SP_STARTING, SP_STOPPING, SP_RATE_LIMITED, SP_ROUTE_UNKNOWN, SP_METHOD_NOT_ALLOWED);
    return set;
}
