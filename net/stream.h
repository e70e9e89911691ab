/* SPDX-License-Identifier: MIT
 *
 * A stream: what a connection becomes when an answer does not end (server-sent
 * events, HTML Living Standard 9.2). The exchange that opened it ends as any
 * other and its memory goes back to the pools: an idle stream is its connection,
 * well under 1 KiB, and what the app keeps of it.
 *
 *   app answer(ex, out)   appends the head (sp_answer_stream), may append the
 *                         first events, and calls sp_exchange_stream. The body
 *                         has no length; it ends with the connection. Requests
 *                         that were sent behind are void, and what the client
 *                         still sends is dropped, up to SP_CONN_DISCARD_MAX.
 *   sp_stream_write       whenever the app has something to tell and the stream
 *                         is idle. What the kernel does not take at once is kept,
 *                         so never more than one message: a slow reader is not
 *                         idle, and the app passes him over until he is, with a
 *                         newer message then.
 *   ops->drain            the server stops: the app's farewell; then it ends, if
 *                         ops->may_end lets it
 *   sp_stream_end         the app ends it, after what is unsent
 *   ops->closed           last call, exactly once, whatever has ended it: the
 *                         client (a half close too), an error, a client who took
 *                         nothing for write_timeout_ms, the app, the server. Never
 *                         from inside another call of this header. From here on
 *                         the stream is nobody's.
 *
 * No other deadline applies: a stream may be silent for ever. A client that has
 * vanished without a word is noticed by what it does not acknowledge, so the app
 * should say something (a comment) now and then: net/pulse.h.
 *
 * A stream's loop only; never blocks. Allocates when the kernel takes a message
 * not at once, or in part.
 */
#ifndef SP_NET_STREAM_H
#define SP_NET_STREAM_H

#include "net/exchange.h"

typedef struct sp_stream sp_stream;

typedef struct sp_stream_ops {
    void (*closed)(sp_stream *stream, void *context);
    /* Appends a farewell (`retry:` …) to out; it follows what is unsent. The
     * stream is ended already: no write. May be NULL. */
    void (*drain)(sp_stream *stream, void *context, sp_out *out);
    /* The server stops: may it end? false = the app has yet to tell something that is
     * under way, and ends it then (asked again whenever its connection is touched; it
     * ends with the time that a draining server has). NULL: at once. */
    bool (*may_end)(sp_stream *stream, void *context);
} sp_stream_ops;

/* Part of a connection (net/conn.h); not the app's to look into. */
struct sp_stream {
    const sp_stream_ops *ops; /* NULL: none, or closed was called */
    void *context;
};

/* The kernel takes no more when so much waits in it to be sent: else it would
 * take megabytes for a slow reader, all of it old news when it arrives. */
#define SP_STREAM_KERNEL_UNSENT_MAX (16u * 1024)

/* Inside answer, behind the head. ops is borrowed until closed. Cannot fail. */
sp_stream *sp_exchange_stream(sp_exchange *ex, const sp_stream_ops *ops, void *context);

/* Do streams take up so many of the connections that may be, seven of eight, that no
 * more should be opened for whoever asks? Any thread, approximate. */
bool sp_loop_streams_full(const sp_loop *loop);

/* Open, and nothing unsent: a message may be written. */
bool sp_stream_is_idle(const sp_stream *stream);
/* Writes now; bytes are free when it returns. The stream is idle, or not open
 * any more (then nothing happens). false = it is not, or the client is gone. */
bool sp_stream_write(sp_stream *stream, sp_text bytes);
/* Closes after what is unsent. */
void sp_stream_end(sp_stream *stream);

/* The connection's (conn.c). It has a stream, and was touched: ends that if the
 * client or the server is about to. */
void sp_stream_settle(sp_conn *conn);
/* The connection is gone: closed is called if there was a stream. */
void sp_stream_close(sp_conn *conn);

#endif
