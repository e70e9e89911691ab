/* SPDX-License-Identifier: MIT
 *
 * A connection: bytes in, exchanges in their order, bytes out.
 *
 * What happened to it (bytes read, an answer ready, a write finished) only
 * marks it; once an iteration the loop settles each marked connection: answers
 * whose turn has come are appended, what was left unread is parsed, and all of
 * it leaves in one write. So a burst of completions costs one system call a
 * connection. Large answers leave as soon as they are made: gathered, they would
 * only fall out of the processor's cache.
 *
 * Back-pressure: reading pauses at SP_CONN_IN_FLIGHT_MAX exchanges, at
 * SP_CONN_HELD_MAX bytes that their requests hold (64 of the largest bodies
 * would be megabytes behind one slow request), or at SP_CONN_UNSENT_MAX bytes
 * that the client has not taken; bytes that were read by then wait in `rest`
 * (at most one read's worth).
 *
 * An answer may not end, but become a stream (stream.h). Then no more requests are
 * read, and what comes is dropped; only the client's end is looked for.
 *
 * An idle connection costs this struct and no buffers. Its loop's thread only.
 */
#ifndef SP_NET_CONN_H
#define SP_NET_CONN_H

#include "net/deadline.h"
#include "net/exchange_node.h"
#include "net/stream.h"

#define SP_CONN_IN_FLIGHT_MAX 64u
#define SP_CONN_HELD_MAX (256u * 1024)
#define SP_CONN_UNSENT_MAX (256u * 1024)
/* What a lingering or streaming connection may still send us into the void. */
#define SP_CONN_DISCARD_MAX (1024u * 1024)

struct sp_conn {
    uv_tcp_t tcp;
    uv_write_t write;
    sp_loop *loop;
    sp_client_address peer;
    sp_conn *prev, *next; /* all of the loop */
    sp_conn *dirty_next;
    sp_exchange_node *first, *last; /* in flight, in request order */
    sp_exchange_node *reading;      /* its request is not whole; may be NULL */
    sp_out out;                     /* answers not yet given to the kernel */
    sp_out writing;                 /* what `write` is busy with */
    char *rest;                     /* read but not parsed: [offset, size) */
    uint32_t rest_offset, rest_size;
    uint32_t in_flight_count;
    uint32_t held_size;      /* what the requests in flight hold */
    uint32_t requests_count; /* whole ones so far: tells deadlines apart */
    uint32_t timed_count;    /* the one that read_deadline belongs to */
    uint32_t discarded_size;
    size_t stalled_size; /* unsent when write_deadline was set */
    sp_deadline read_deadline, write_deadline;
    sp_stream stream; /* what an answer has become */
    bool dirty;       /* in the loop's list: will be settled … */
    bool yields;      /* … in the next iteration, for it had its turn in this */
    bool reading_on;  /* uv_read_start */
    bool write_pending;
    bool continue_due; /* `100 Continue` when all before is answered */
    bool input_over;   /* no further request is read: close when answered */
    bool peer_ended;   /* the client has shut its side */
    bool streaming;    /* the stream is open: not ended (it may be closing) */
    bool lingering;    /* our side is shut: discarding until the client ends */
    bool closing;
    bool ops; /* by the operator's listener */
};

_Static_assert(sizeof(struct sp_conn) <= 768, "an idle connection or stream costs under 1 KiB");

/* Takes over a connected, non-blocking socket (closes it if this fails).
 * ops: it came by the operator's listener. */
void sp_conn_open(sp_loop *loop, int fd, const sp_client_address *peer, bool ops);
/* Marks it: the loop settles it in this iteration. */
void sp_conn_touch(sp_conn *conn);
void sp_conn_settle(sp_conn *conn);
/* Refuses the request that is being read (there is one); reads no more. */
void sp_conn_refuse(sp_conn *conn, sp_outcome outcome, const char *detail);
/* The request of this exchange of ours holds no more bytes. */
void sp_conn_unhold(sp_conn *conn, sp_exchange_node *node);
/* Reads no more; closes after what is in flight, at once if nothing is. */
void sp_conn_drain(sp_conn *conn);
/* Closes now: exchanges in flight are left by their client. */
void sp_conn_close(sp_conn *conn);

/* conn_timing.c: what it waits for, and how long. */

/* Sets the read deadline that its present state asks for. */
void sp_conn_await(sp_conn *conn);
/* One of its deadlines has passed. */
void sp_conn_expired(sp_deadline *deadline, sp_deadline_kind kind);

/* conn_write.c: the way out. */

/* Bytes that the client has not taken yet. */
size_t sp_conn_unsent(const sp_conn *conn);
/* None; and no buffer of theirs is in use. */
bool sp_conn_is_all_sent(const sp_conn *conn);
/* Where the next answer goes. */
sp_out *sp_conn_out(sp_conn *conn);
/* Gives all that is in `out` to the kernel, the rest to libuv. false = the
 * connection has failed and was closed. */
bool sp_conn_flush(sp_conn *conn);
/* Likewise with bytes of the caller's, when all before is sent: copies only what
 * the kernel does not take. */
bool sp_conn_write(sp_conn *conn, sp_text bytes);
/* Shuts our side and discards what comes until the client ends: an answer
 * that is closed upon while bytes arrive would be lost to a reset. */
void sp_conn_linger(sp_conn *conn);
/* As close, but by a reset: frees what the kernel holds unsent. */
void sp_conn_reset(sp_conn *conn);
/* Tells a stalled write from a slow one: true = nothing was taken. */
bool sp_conn_is_stalled(sp_conn *conn);

#endif
