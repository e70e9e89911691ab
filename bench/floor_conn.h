/* SPDX-License-Identifier: MIT
 *
 * One connection of a floor, and what the loop and its connections share.
 * Private to the floor; the loop's thread only.
 */
#ifndef SP_BENCH_FLOOR_CONN_H
#define SP_BENCH_FLOOR_CONN_H

#include <llhttp.h>
#include <uv.h>

#include "bench/floor_loop.h"

#define SP_BENCH_FLOOR_READ_SIZE (64u * 1024)

typedef struct sp_bench_floor_conn sp_bench_floor_conn;

struct sp_bench_floor_loop {
    uv_loop_t uv;
    uv_tcp_t listener;
    uv_signal_t terminate, interrupt;
    uv_timer_t drain_timer;
    uv_async_t wake;
    uv_check_t check;
    sp_bench_floor_config config;
    char *block;         /* copies of the answer, one behind the other */
    uint32_t block_size; /* a multiple of answer_size */
    char read_bytes[SP_BENCH_FLOOR_READ_SIZE];
    sp_bench_floor_conn *conns;
    sp_mailbox mailbox;
    sp_slots slots;
    bool pushed; /* in this turn: the consumer must be notified */
    bool draining;
    bool ended; /* its handles are being closed */
    llhttp_settings_t settings;
};

struct sp_bench_floor_conn {
    uv_tcp_t tcp;
    uv_write_t write; /* at most one under way */
    llhttp_t parser;
    sp_bench_floor_loop *loop;
    sp_bench_floor_conn *prev, *next;  /* of the loop's list */
    sp_bench_floor_conn *settled_next; /* of those whose slots have come back */
    uint32_t in_flight_count;          /* slots that are out */
    uint32_t due_count;                /* answers to be written, the first … */
    uint32_t written_size;             /* … of which begins behind these bytes */
    uint32_t writing_size;             /* of the write under way */
    bool write_pending, reads, input_over, closing, closed, marked;
};

/* Takes a connection that waits at the listener. */
void sp_bench_floor_conn_accept(sp_bench_floor_loop *loop);
/* Writes what is due; reads on or stops; closes if all is over. */
void sp_bench_floor_conn_settle(sp_bench_floor_conn *conn);
/* A slot of the connection has come back. */
void sp_bench_floor_conn_complete(sp_bench_floor_conn *conn);
/* Stops reading: what has come is answered, then it closes. */
void sp_bench_floor_conn_drain(sp_bench_floor_conn *conn);
void sp_bench_floor_conn_close(sp_bench_floor_conn *conn);

/* When the last connection is gone while draining. */
void sp_bench_floor_loop_end_if_drained(sp_bench_floor_loop *loop);

int sp_bench_floor_on_message(llhttp_t *parser);

#endif
