/* SPDX-License-Identifier: MIT */
#include "net/conn.h"

#include <stddef.h>

#include "net/loop.h"

/* What the connection waits for from its client; none while it is we who keep
 * the client waiting. */
static sp_deadline_kind awaited(const sp_conn *conn)
{
    if (conn->lingering)
        return SP_DEADLINE_LINGER;
    if (!conn->reading_on || conn->continue_due || conn->streaming)
        return SP_DEADLINE_NONE;
    if (conn->reading != NULL && sp_http_in_head(conn->reading->http))
        return SP_DEADLINE_HEAD;
    if (conn->reading != NULL && sp_http_in_body(conn->reading->http))
        return SP_DEADLINE_BODY;
    bool is_idle = conn->in_flight_count == 0 && sp_conn_unsent(conn) == 0;
    return is_idle ? SP_DEADLINE_IDLE : SP_DEADLINE_NONE;
}

/* A deadline runs from its beginning, not from the last byte: a client that
 * drips is as late as one that stops. */
void sp_conn_await(sp_conn *conn)
{
    sp_deadline_kind kind = awaited(conn);
    if (kind == conn->read_deadline.kind && conn->timed_count == conn->requests_count)
        return;
    conn->timed_count = conn->requests_count;
    sp_deadline_set(&conn->loop->deadlines, &conn->read_deadline, kind, uv_now(&conn->loop->uv));
}

static void on_read_deadline(sp_conn *conn, sp_deadline_kind kind)
{
    if (kind == SP_DEADLINE_HEAD)
        sp_conn_refuse(conn, SP_REQUEST_TIMEOUT, "The request head took too long.");
    else if (kind == SP_DEADLINE_BODY)
        sp_conn_refuse(conn, SP_REQUEST_TIMEOUT, "The request body took too long.");
    else
        sp_conn_close(conn);
}

void sp_conn_expired(sp_deadline *deadline, sp_deadline_kind kind)
{
    if (kind != SP_DEADLINE_WRITE) {
        on_read_deadline((sp_conn *)((char *)deadline - offsetof(sp_conn, read_deadline)), kind);
        return;
    }
    sp_conn *conn = (sp_conn *)((char *)deadline - offsetof(sp_conn, write_deadline));
    if (sp_conn_is_stalled(conn))
        sp_conn_reset(conn);
    else
        sp_deadline_set(&conn->loop->deadlines, deadline, kind, uv_now(&conn->loop->uv));
}
