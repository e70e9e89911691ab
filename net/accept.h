/* SPDX-License-Identifier: MIT
 *
 * An acceptor: one listening socket of one loop. Accepts in runs, closes at
 * once what is above the connection limit, and when the process has no file
 * descriptor left, turns away a waiting client with a reserved one and pauses
 * for a moment instead of spinning on a socket that stays readable.
 *
 * The loop's thread only.
 */
#ifndef SP_NET_ACCEPT_H
#define SP_NET_ACCEPT_H

#include <stdbool.h>
#include <uv.h>

struct sp_loop;

typedef struct sp_acceptor {
    uv_poll_t poll;
    uv_timer_t pause;
    struct sp_loop *loop;
    int fd;
    int reserve_fd; /* -1: spent, or never had */
    bool ops;       /* the operator's listener */
    bool is_open;
} sp_acceptor;

/* Owns fd from now on. 0, or a negative libuv error with fd closed.
 * ops: see sp_server_config.ops_address. */
int sp_acceptor_open(sp_acceptor *acceptor, struct sp_loop *loop, int fd, bool ops);
/* Stops listening; idempotent. Its handles close with the loop's next turn. */
void sp_acceptor_close(sp_acceptor *acceptor);

#endif
