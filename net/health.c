/* SPDX-License-Identifier: MIT
 *
 * /livez: the process runs. /readyz: send it requests (while it starts, or
 * after a failed commit, app.c has answered before these are asked).
 */
#include "net/answer.h"
#include "net/handlers.h"
#include "net/problem.h"

static void answer_status(sp_exchange *ex, const char *status, sp_out *out)
{
    sp_answer answer = {.status = 200, .no_store = true};
    sp_json_writer *json = sp_answer_json(ex, &answer, out);
    sp_json_object(json);
    sp_json_put_string(json, "status", status);
    sp_json_object_end(json);
    sp_answer_json_end(ex, out);
}

void sp_health_answer_live(sp_exchange *ex, sp_out *out)
{
    answer_status(ex, "live", out);
}

void sp_health_answer_ready(sp_exchange *ex, sp_out *out)
{
    if (sp_loop_stopping(ex->loop))
        sp_problem_answer(ex, SP_STOPPING, out);
    else
        answer_status(ex, "ready", out);
}
