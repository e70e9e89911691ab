/* SPDX-License-Identifier: MIT
 *
 * The HTTP server: --io-threads loops, each a thread with its own listening
 * sockets, connections, slots and mailbox.
 *
 *   sp_server_start   listens and serves on its threads, at once; while
 *                     *serving is false every route but /livez answers
 *                     503 starting (the app's doing).
 *   sp_server_drain   stops accepting and reading, answers what is under way
 *                     (all slots come back), closes; at most drain_ms.
 *   sp_server_stop    joins the threads, frees everything.
 */
#ifndef SP_NET_SERVER_H
#define SP_NET_SERVER_H

#include <stdatomic.h>

#include "engine/clock.h"
#include "engine/queue.h"
#include "engine/views.h"
#include "net/exchange.h"

typedef struct sp_server sp_server;

typedef struct sp_listen_address {
    char host[256];
    uint16_t port; /* 0 = the system chooses; all loops share the choice */
} sp_listen_address;

/* Parses HOST:PORT, [V6]:PORT; false if it is neither. */
bool sp_listen_address_parse(const char *text, sp_listen_address *out);

typedef struct sp_server_config {
    const sp_listen_address *addresses;
    uint32_t addresses_count; /* 1 … 16 */
    /* The operator's listener, or NULL. What comes by it is marked
     * (sp_exchange.ops): the application says what is served there, and to
     * anyone who reaches it. */
    const sp_listen_address *ops_address;
    uint32_t loops_count; /* 1 … 16 */
    uint32_t slots_per_loop;
    uint32_t connections_max; /* over all loops; more are closed at accept */
    uint32_t head_timeout_ms, body_timeout_ms, idle_timeout_ms;
    uint32_t write_timeout_ms;  /* a client that takes nothing; 0 = 30000 */
    uint32_t linger_timeout_ms; /* after a last answer; 0 = 2000 */
    /* Proxies whose X-Forwarded-For is believed; borrowed while loops run. */
    const sp_subnet *trusted_proxies;
    uint32_t trusted_proxies_count;
    sp_queue *queue;
    const sp_views *views;
    sp_clock *clock;
    /* Borrowed; a loop each. NULL: nobody looks, and the server counts for
     * itself. */
    sp_metrics *metrics;
    const sp_app_ops *app;
    /* Makes and frees the app's context of one loop, on the caller's thread. */
    void *(*app_loop_create)(void *app_context, sp_loop *loop);
    void (*app_loop_destroy)(void *app_loop);
    void *app_context;
} sp_server_config;

/* 0, or a negative libuv error with *failed = the address (or a static text)
 * that it was about. */
int sp_server_start(const sp_server_config *config, sp_server **out, const char **failed);
/* The real address number i as `host:port` (brackets round IPv6). */
void sp_server_address(const sp_server *server, uint32_t i, char *out, size_t size);
/* Likewise of ops_address, which there is. */
void sp_server_ops_address(const sp_server *server, char *out, size_t size);
/* Starts draining on all loops, returns at once. From any thread. */
void sp_server_drain(sp_server *server, uint32_t drain_ms);
/* Waits until all loops have ended (after drain), frees the server. */
void sp_server_stop(sp_server *server);
uint32_t sp_server_connections(const sp_server *server); /* approximate */
/* Of these, streams (net/stream.h). Approximate. */
uint32_t sp_server_streams(const sp_server *server);

#endif
