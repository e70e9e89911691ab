/* SPDX-License-Identifier: MIT
 *
 * The live seat map of a concert: its first events, and who is to be told the rest
 * (net/seat_watch.h).
 */
#include "net/answer.h"
#include "net/handlers.h"
#include "net/problem.h"
#include "net/seat_events.h"
#include "net/seat_watch.h"

/* Reconnecting after the server has gone without a word, and after its farewell. */
enum {
    RETRY_MIN_MS = 1000,
    RETRY_MAX_MS = 3000,
    FAREWELL_MIN_MS = 1000,
    FAREWELL_MAX_MS = 5000,
};

/* Sizes of ids that are surely no overflow. */
#define ID_DIGITS_MAX 18u

static bool parse_seq(sp_text id, sp_seq *out)
{
    if (id.size == 0 || id.size > ID_DIGITS_MAX)
        return false;
    *out = 0;
    for (uint32_t i = 0; i < id.size; i++) {
        if (id.bytes[i] < '0' || id.bytes[i] > '9')
            return false;
        *out = *out * 10 + (sp_seq)(id.bytes[i] - '0');
    }
    return true;
}

/* An id that a stream of this concert may have sent: from the event that gave it its
 * seats to now. 0 is whoever takes all seats for free, as they were then. Any other is of
 * another history, or of other seats, or no id. */
static bool is_known(const sp_concert_card *card, sp_text id, sp_seq now, sp_seq *out)
{
    if (!parse_seq(id, out))
        return false;
    if (*out == 0)
        *out = card->layout_seq;
    return *out >= card->layout_seq && *out <= now;
}

/* Appends what leads the client to the present seq, or leaves that to the turns. */
static sp_watcher *begin_events(sp_seat_watch *watch, sp_concert_id concert, sp_text last_id,
                                sp_out *out)
{
    sp_seat_texts *texts = sp_seat_watch_texts(watch);
    const sp_concert_card *card = sp_views_card(texts->views, concert);
    sp_seq after, seq, now = sp_views_concert_seq(texts->views, concert);
    bool is_known_id = is_known(card, last_id, now, &after);
    sp_seat_event_retry(out, RETRY_MIN_MS, RETRY_MAX_MS);
    if (!is_known_id && last_id.bytes != NULL)
        sp_out_string(out, SP_SEAT_EVENT_RESET);
    if (!sp_seat_watch_takes_first(watch))
        return sp_watcher_create_late(watch, concert, is_known_id ? after : SP_SEAT_NO_MAP);
    sp_out_text(out, is_known_id ? sp_seat_texts_since(texts, concert, after, now, &seq)
                                 : sp_seat_texts_map(texts, concert, &seq));
    return sp_watcher_create(watch, concert, seq);
}

static void on_closed(sp_stream *stream, void *context)
{
    sp_watcher *watcher = context;
    SP_ASSERT(watcher->stream == stream);
    sp_watcher_leave(watcher);
}

static void on_drain(sp_stream *stream, void *context, sp_out *out)
{
    (void)stream;
    (void)context;
    sp_seat_event_retry(out, FAREWELL_MIN_MS, FAREWELL_MAX_MS);
}

static const sp_stream_ops ops = {.closed = on_closed, .drain = on_drain};

void sp_seat_stream_answer(sp_exchange *ex, sp_out *out)
{
    sp_app_loop *app_loop = sp_app_loop_of(ex);
    const sp_views *views = sp_loop_views(ex->loop);
    sp_concert_id concert = ex->app.params[0];
    if (!sp_views_card(views, concert)) {
        sp_problem_answer(ex, SP_CONCERT_UNKNOWN, out);
        return;
    }
    if (sp_loop_streams_full(ex->loop)) {
        sp_problem_answer(ex, SP_BUSY, out);
        return;
    }
    if (!sp_answer_stream(ex, out))
        return;
    sp_seat_watch *watch =
        sp_seat_watch_of(&app_loop->seat_watch, views, sp_loop_clock(ex->loop), &app_loop->pulses);
    sp_text last_id = sp_request_last_event_id(&ex->request);
    sp_watcher *watcher = begin_events(watch, concert, last_id, out);
    sp_watcher_enter(watcher, sp_exchange_stream(ex, &ops, watcher));
}
