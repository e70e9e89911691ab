/* SPDX-License-Identifier: MIT
 *
 * GET /openapi.json.
 */
#include "net/answer.h"
#include "net/handlers.h"
#include "net/negotiate.h"

void sp_openapi_answer(sp_exchange *ex, sp_out *out)
{
    const sp_openapi *openapi = &sp_app_loop_of(ex)->app->openapi;
    sp_text tag = {openapi->tag, SP_OPENAPI_TAG_SIZE};
    sp_answer answer = {.status = 304, .etag = tag, .no_cache = true};
    if (sp_etag_matches(ex->request.headers[SP_HEADER_IF_NONE_MATCH], tag)) {
        sp_answer_write(sp_app_loop_of(ex), sp_answer_to_exchange(ex), &answer, out);
        return;
    }
    answer.status = 200;
    sp_answer_constant(ex, &answer, SP_TEXT("application/json"), &openapi->text, out);
}
