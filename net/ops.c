/* SPDX-License-Identifier: MIT
 *
 * What operators ask: /metrics for Prometheus, /v1/admin/stats for a dashboard.
 *
 *   ordinary listener:  query of who asks → is he an ADMIN now? ┐
 *   --ops-listen:       /metrics, anyone ───────────────────────┴→ pool → answer
 *
 * Figures are gathered, and the text is made, on a pool thread: it takes looks at
 * /proc and tens of kilobytes of printing, which would keep a loop from its
 * orders for as long as some hundred of them take.
 */
#include <stdlib.h>

#include "engine/assert.h"
#include "net/answer.h"
#include "net/handlers.h"
#include "net/metrics_text.h"
#include "net/stats_json.h"

/* On its way through the pool; the text is handed to the exchange. */
typedef struct report {
    uv_work_t request;
    sp_exchange *ex;
    const sp_figures_sources *sources;
    sp_time_ms now;
    void (*write)(const sp_figures *figures, sp_out *out);
    sp_out out;
} report;

/* Pool thread. */
static void on_gather(uv_work_t *request)
{
    report *r = request->data;
    sp_figures figures;
    bool gathered = sp_figures_gather(r->sources, r->now, &figures);
    SP_ASSERT(gathered);
    r->write(&figures, &r->out);
    sp_figures_close(&figures);
}

static void on_gathered(uv_work_t *request, int status)
{
    (void)status; /* nobody cancels */
    report *r = request->data;
    sp_exchange *ex = r->ex;
    if (ex->gone) {
        sp_out_close(&r->out);
        free(r);
        sp_exchange_abandon(ex);
        return;
    }
    SP_ASSERT(ex->app.memory == NULL);
    ex->app.memory = r->out.bytes;
    ex->app.numbers[0] = (int64_t)r->out.size;
    free(r);
    sp_exchange_ready(ex);
}

static bool is_serving(const sp_app *app)
{
    return atomic_load_explicit(app->config.serving, memory_order_acquire) &&
           !atomic_load_explicit(app->config.failed, memory_order_acquire);
}

static void gather(sp_exchange *ex, void (*write)(const sp_figures *figures, sp_out *out))
{
    const sp_app *app = sp_app_loop_of(ex)->app;
    report *r = calloc(1, sizeof *r);
    SP_ASSERT(r != NULL);
    r->request.data = r;
    r->ex = ex;
    r->sources = app->config.figures;
    r->now = is_serving(app) ? sp_loop_now(ex->loop) : 0;
    r->write = write;
    int status = uv_queue_work(sp_loop_uv(ex->loop), &r->request, on_gather, on_gathered);
    SP_ASSERT_CMP(status, ==, 0); /* fails for a missing callback alone */
}

static bool has_figures(sp_exchange *ex)
{
    if (sp_app_loop_of(ex)->app->config.figures != NULL)
        return true;
    sp_app_refuse(ex, SP_ROUTE_UNKNOWN);
    return false;
}

/* His own user, as the state has it: with the role that he has now. */
static void ask_who(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_USER;
    command->query_user.user = 0;
    sp_app_push(ex);
}

static void gather_for_admin(sp_exchange *ex, void (*write)(const sp_figures *, sp_out *))
{
    if (ex->slot->result.user.role == SP_ROLE_ADMIN)
        gather(ex, write);
    else
        sp_app_refuse(ex, SP_ROLE_REQUIRED);
}

static sp_text text_of(const sp_exchange *ex)
{
    return (sp_text){ex->app.memory, (uint32_t)ex->app.numbers[0]};
}

void sp_ops_start_metrics(sp_exchange *ex)
{
    if (!has_figures(ex))
        return;
    if (ex->ops)
        gather(ex, sp_metrics_text_write);
    else
        ask_who(ex);
}

void sp_ops_completed_metrics(sp_exchange *ex)
{
    gather_for_admin(ex, sp_metrics_text_write);
}

void sp_ops_answer_metrics(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 200, .no_store = true};
    sp_answer_body(ex, &answer, SP_TEXT(SP_METRICS_TEXT_TYPE), text_of(ex), out);
}

void sp_ops_start_stats(sp_exchange *ex)
{
    if (has_figures(ex))
        ask_who(ex);
}

void sp_ops_completed_stats(sp_exchange *ex)
{
    gather_for_admin(ex, sp_stats_write);
}

void sp_ops_answer_stats(sp_exchange *ex, sp_out *out)
{
    sp_answer answer = {.status = 200, .no_store = true};
    sp_answer_body(ex, &answer, SP_TEXT("application/json"), text_of(ex), out);
}
