/* SPDX-License-Identifier: MIT */
#include "tests/support/toy_streams.h"

#include <stdlib.h>

#include "engine/assert.h"

struct toy_stream {
    toy_stream *prev, *next;
    toy_streams *list;
    sp_stream *stream;
    bool drained;
};

static void on_closed(sp_stream *stream, void *context)
{
    toy_stream *own = context;
    SP_ASSERT(own->stream == stream);
    SP_ASSERT(!sp_stream_is_idle(stream));
    SP_ASSERT(!sp_stream_write(stream, SP_TEXT("late")));
    if (own->prev != NULL)
        own->prev->next = own->next;
    else
        own->list->first = own->next;
    if (own->next != NULL)
        own->next->prev = own->prev;
    atomic_fetch_add(&own->list->counts->streams_closed, 1);
    free(own); /* twice would be told by the address sanitizer */
}

static void on_drain(sp_stream *stream, void *context, sp_out *out)
{
    toy_stream *own = context;
    SP_ASSERT(!own->drained);
    SP_ASSERT(!sp_stream_is_idle(stream));
    own->drained = true;
    sp_out_string(out, TOY_FAREWELL);
}

static const sp_stream_ops ops = {.closed = on_closed, .drain = on_drain};

static void add(toy_streams *streams, sp_exchange *ex)
{
    toy_stream *own = calloc(1, sizeof *own);
    SP_ASSERT(own != NULL);
    own->list = streams;
    own->next = streams->first;
    if (streams->first != NULL)
        streams->first->prev = own;
    streams->first = own;
    own->stream = sp_exchange_stream(ex, &ops, own);
    SP_ASSERT(!sp_stream_is_idle(own->stream)); /* its head is unsent */
    atomic_fetch_add(&streams->counts->streams_opened, 1);
}

static void put_message(sp_out *out, unsigned size)
{
    memset(sp_out_reserve(out, size), 'm', size);
    out->size += size;
}

void toy_streams_open(toy_streams *streams, sp_exchange *ex, unsigned size, sp_out *out)
{
    sp_out_string(out, "HTTP/1.1 200 -\r\nConnection: close\r\n\r\n");
    ex->close_after = true;
    if (ex->request.method == SP_METHOD_HEAD)
        return;
    put_message(out, size);
    add(streams, ex);
}

void toy_streams_tell(toy_streams *streams, unsigned size)
{
    sp_out out;
    sp_out_init(&out);
    put_message(&out, size);
    for (toy_stream *own = streams->first; own != NULL; own = own->next) {
        bool idle = sp_stream_is_idle(own->stream);
        bool told = idle && sp_stream_write(own->stream, (sp_text){out.bytes, size});
        atomic_fetch_add(told ? &streams->counts->told : &streams->counts->passed_over, 1);
    }
    sp_out_close(&out);
}

struct tick {
    uv_timer_t timer; /* first: freed by its closing */
    toy_streams *streams;
    unsigned size;
};

static void on_ticked(uv_handle_t *timer)
{
    free(timer);
}

static void on_tick(uv_timer_t *timer)
{
    struct tick *tick = (struct tick *)timer;
    toy_streams_tell(tick->streams, tick->size);
    uv_close((uv_handle_t *)timer, on_ticked);
}

void toy_streams_tick(toy_streams *streams, sp_loop *loop, unsigned size)
{
    struct tick *tick = calloc(1, sizeof *tick);
    SP_ASSERT(tick != NULL);
    tick->streams = streams;
    tick->size = size;
    uv_timer_init(sp_loop_uv(loop), &tick->timer);
    uv_timer_start(&tick->timer, on_tick, 20, 0);
}

void toy_streams_end(toy_streams *streams)
{
    for (toy_stream *own = streams->first; own != NULL; own = own->next) {
        sp_stream_end(own->stream);
        sp_stream_end(own->stream); /* once more does nothing */
        SP_ASSERT(!sp_stream_is_idle(own->stream));
        SP_ASSERT(!sp_stream_write(own->stream, SP_TEXT("late")));
    }
}
