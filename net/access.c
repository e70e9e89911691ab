/* SPDX-License-Identifier: MIT */
#include "net/access.h"

#include "net/digits.h"
#include "net/request_id.h"

void sp_access_begin(sp_exchange *ex)
{
    ex->app.began_us = sp_access_now_us();
}

static const char *pattern_of(const sp_exchange *ex)
{
    return ex->app.route != NULL ? sp_route_of(ex)->pattern : NULL;
}

static void put(const sp_exchange *ex, int status, size_t size)
{
    char id[SP_REQUEST_ID_SIZE_MAX];
    const sp_trace *trace = sp_request_trace_of(ex);
    sp_access_entry entry = {
        .request_id = sp_request_id_of(ex, id),
        .method = ex->request.method,
        .route = pattern_of(ex),
        .status = status,
        .bytes = size,
        .duration_us = sp_access_now_us() - ex->app.began_us,
        .user = ex->app.user,
        .client = &ex->client,
    };
    if (trace != NULL)
        entry.trace_id = (sp_text){trace->trace_id, sizeof trace->trace_id};
    sp_access_log_put(sp_app_loop_of(ex)->access, &entry);
}

void sp_access_answered(const sp_exchange *ex, const char *bytes, size_t size)
{
    put(ex, sp_access_status(bytes, size), size);
}

void sp_access_left(const sp_exchange *ex)
{
    put(ex, 0, 0);
}

void sp_access_refused(const sp_app_loop *app_loop, const sp_refused *refused, const char *bytes,
                       size_t size)
{
    char ours[16];
    sp_access_entry entry = {
        .request_id = refused->request_id,
        .status = sp_access_status(bytes, size),
        .bytes = size,
        .duration_us = -1, /* it never was whole */
        .client = &refused->client,
    };
    if (entry.request_id.size == 0)
        entry.request_id = (sp_text){ours, (uint32_t)(sp_digits_put_hex(ours, refused->id) - ours)};
    sp_access_log_put(app_loop->access, &entry);
}

void sp_access_failed(const sp_exchange *ex)
{
    char id[SP_REQUEST_ID_SIZE_MAX];
    sp_logger *logger = sp_app_loop_of(ex)->app->config.logger;
    sp_log_line line = {0};
    sp_json_writer *json = sp_log_begin(logger, &line, SP_LEVEL_ERROR, "request_failed");
    if (json == NULL)
        return;
    sp_json_put_text(json, "request_id", sp_request_id_of(ex, id));
    sp_json_put_string(json, "route", pattern_of(ex) != NULL ? pattern_of(ex) : "");
    sp_log_end(logger, &line);
}
