/* SPDX-License-Identifier: MIT
 *
 * The seat map of a concert, with its entity tag.
 */
#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"
#include "net/negotiate.h"
#include "net/problem.h"

/* What stands before the characters of the seats, in a small hall. */
#define FRONT_SIZE_GUESS 200u

void sp_seatmap_answer(sp_exchange *ex, sp_out *out)
{
    char tag[SP_ETAG_SIZE_MAX];
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    const sp_views *views = sp_loop_views(ex->loop);
    sp_concert_id concert = ex->app.params[0];
    if (!sp_views_card(views, concert)) {
        sp_problem_answer(ex, SP_CONCERT_UNKNOWN, out);
        return;
    }
    sp_answer answer = {.status = 304, .no_cache = true};
    sp_media_kind kind = ex->app.answer_is_msgpack ? SP_MEDIA_MSGPACK : SP_MEDIA_JSON;
    size_t size = sp_etag_print(concert, sp_views_concert_seq(views, concert), kind, tag);
    answer.etag = (sp_text){tag, (uint32_t)size};
    if (sp_etag_matches(ex->request.headers[SP_HEADER_IF_NONE_MATCH], answer.etag)) {
        sp_answer_write(app_loop, sp_answer_to_exchange(ex), &answer, out);
        return;
    }
    /* The map may be newer than the look above: its own seq is the tag. */
    sp_concert_now now;
    sp_views_concert(views, concert, &now, app_loop->sold, app_loop->held);
    answer.etag.size = (uint32_t)sp_etag_print(concert, now.seq, kind, tag);
    answer.status = 200;
    answer.body_size_guess = now.card->seats_count + FRONT_SIZE_GUESS;
    sp_encode_seat_map(sp_answer_json(ex, &answer, out), now.card, now.seq, app_loop->sold,
                       app_loop->held);
    sp_answer_json_end(ex, out);
}
