/* SPDX-License-Identifier: MIT */
#include "net/server.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

#include "engine/assert.h"
#include "net/listen.h"
#include "net/loop.h"

#define ADDRESSES_MAX 16u
#define LISTENERS_MAX (ADDRESSES_MAX + 1) /* with the operator's */
#define LOOPS_MAX 16u
#define NAME_SIZE 300u

struct sp_server {
    sp_loop_shared shared;
    sp_loop *loops[LOOPS_MAX];
    uint32_t loops_count;                 /* created; all of them run once start has returned */
    uint32_t listeners_count;             /* of the addresses, then the operator's */
    char names[LISTENERS_MAX][NAME_SIZE]; /* of the real addresses */
    sp_metrics *own_metrics;              /* NULL: they are the caller's */
};

/* Socket of listener a for loop l. */
struct sockets {
    int fds[LOOPS_MAX][LISTENERS_MAX];
};

static const sp_listen_address *listener_address(const sp_server *server, uint32_t i)
{
    const sp_server_config *config = &server->shared.config;
    return i < config->addresses_count ? &config->addresses[i] : config->ops_address;
}

static void close_sockets(struct sockets *sockets, uint32_t loops_first, uint32_t loops_count,
                          uint32_t listeners_count)
{
    for (uint32_t l = loops_first; l < loops_count; l++)
        for (uint32_t a = 0; a < listeners_count; a++)
            close(sockets->fds[l][a]);
}

static int open_sockets(sp_server *server, struct sockets *sockets, const char **failed)
{
    const sp_server_config *config = &server->shared.config;
    for (uint32_t a = 0; a < server->listeners_count; a++) {
        int fds[LOOPS_MAX];
        const sp_listen_address *address = listener_address(server, a);
        int status = sp_listen_open(address, fds, config->loops_count);
        if (status != 0) {
            *failed = address->host;
            close_sockets(sockets, 0, config->loops_count, a);
            return status;
        }
        sp_listen_name(fds[0], server->names[a], NAME_SIZE);
        for (uint32_t l = 0; l < config->loops_count; l++)
            sockets->fds[l][a] = fds[l];
    }
    return 0;
}

static void destroy_loop(sp_server *server, sp_loop *loop)
{
    const sp_server_config *config = &server->shared.config;
    if (loop->app != NULL && config->app_loop_destroy != NULL)
        config->app_loop_destroy(loop->app);
    sp_loop_destroy(loop);
}

static void destroy_loops(sp_server *server)
{
    for (uint32_t i = 0; i < server->loops_count; i++)
        destroy_loop(server, server->loops[i]);
}

static int create_loop(sp_server *server, uint32_t index, const int *fds)
{
    const sp_server_config *config = &server->shared.config;
    sp_loop *loop;
    int status = sp_loop_create(&server->shared, index, fds, server->listeners_count, &loop);
    if (status != 0)
        return status;
    server->loops[server->loops_count++] = loop;
    if (config->app_loop_create == NULL)
        return 0;
    loop->app = config->app_loop_create(config->app_context, loop);
    return loop->app != NULL ? 0 : UV_ENOMEM;
}

static int create_loops(sp_server *server, struct sockets *sockets)
{
    const sp_server_config *config = &server->shared.config;
    for (uint32_t i = 0; i < config->loops_count; i++) {
        int status = create_loop(server, i, sockets->fds[i]);
        if (status == 0)
            continue;
        close_sockets(sockets, i + 1, config->loops_count, server->listeners_count);
        destroy_loops(server);
        return status;
    }
    return 0;
}

/* None runs before all are there: one that does may send to any other. */
static int start_threads(sp_server *server, uint32_t *started_count)
{
    sp_loop_shared *shared = &server->shared;
    int status = 0;
    uv_mutex_lock(&shared->starting);
    *started_count = 0;
    while (*started_count < server->loops_count && status == 0) {
        status = sp_loop_start(server->loops[*started_count]);
        *started_count += status == 0;
    }
    shared->start_failed = status != 0;
    uv_mutex_unlock(&shared->starting);
    return status;
}

/* Those that were there before one failed must end before anything is freed. */
static int start_loops(sp_server *server)
{
    uint32_t started_count;
    atomic_init(&server->shared.alive, server->loops_count);
    int status = start_threads(server, &started_count);
    if (status == 0)
        return 0;
    while (started_count > 0)
        sp_loop_join(server->loops[--started_count]);
    destroy_loops(server);
    return status;
}

static void free_server(sp_server *server)
{
    uv_mutex_destroy(&server->shared.starting);
    sp_metrics_destroy(server->own_metrics);
    free(server);
}

static bool own_metrics(sp_server *server)
{
    server->own_metrics = sp_metrics_create(server->shared.config.loops_count, 1);
    server->shared.config.metrics = server->own_metrics;
    return server->own_metrics != NULL;
}

int sp_server_start(const sp_server_config *config, sp_server **out, const char **failed)
{
    SP_ASSERT(config->addresses_count >= 1 && config->addresses_count <= ADDRESSES_MAX);
    SP_ASSERT(config->loops_count >= 1 && config->loops_count <= LOOPS_MAX);
    struct sockets sockets;
    *failed = "memory";
    sp_server *server = calloc(1, sizeof *server);
    if (server == NULL)
        return UV_ENOMEM;
    server->shared.config = *config;
    server->shared.loops = server->loops;
    server->listeners_count = config->addresses_count + (config->ops_address != NULL);
    int status = uv_mutex_init(&server->shared.starting);
    if (status == 0 && config->metrics == NULL && !own_metrics(server)) {
        uv_mutex_destroy(&server->shared.starting);
        status = UV_ENOMEM;
    }
    if (status != 0) {
        free(server);
        return status;
    }
    if (getrandom(&server->shared.id_base, sizeof server->shared.id_base, 0) < 0)
        server->shared.id_base = uv_hrtime(); /* ids need only differ */
    status = open_sockets(server, &sockets, failed);
    if (status == 0) {
        *failed = "loop";
        status = create_loops(server, &sockets);
    }
    if (status == 0) {
        *failed = "thread";
        status = start_loops(server);
    }
    if (status != 0) {
        free_server(server);
        return status;
    }
    *out = server;
    return 0;
}

void sp_server_address(const sp_server *server, uint32_t i, char *out, size_t size)
{
    SP_ASSERT_CMP(i, <, server->shared.config.addresses_count);
    snprintf(out, size, "%s", server->names[i]);
}

void sp_server_ops_address(const sp_server *server, char *out, size_t size)
{
    SP_ASSERT(server->shared.config.ops_address != NULL);
    snprintf(out, size, "%s", server->names[server->shared.config.addresses_count]);
}

void sp_server_drain(sp_server *server, uint32_t drain_ms)
{
    /* The first call counts. One thread at a time may write drain_ms, so it is
     * claimed by a flag of its own before draining shows it to the loops. */
    if (atomic_exchange_explicit(&server->shared.drain_claimed, true, memory_order_relaxed))
        return;
    server->shared.drain_ms = drain_ms;
    /* Release: pairs with the acquire in loop.c. */
    atomic_store_explicit(&server->shared.draining, true, memory_order_release);
    for (uint32_t i = 0; i < server->loops_count; i++)
        sp_loop_wake(server->loops[i]);
}

void sp_server_stop(sp_server *server)
{
    sp_server_drain(server, 0); /* unless it drains already */
    for (uint32_t i = 0; i < server->loops_count; i++)
        sp_loop_join(server->loops[i]);
    destroy_loops(server);
    free_server(server);
}

uint32_t sp_server_connections(const sp_server *server)
{
    return atomic_load_explicit(&server->shared.connections_count, memory_order_relaxed);
}

uint32_t sp_server_streams(const sp_server *server)
{
    return atomic_load_explicit(&server->shared.streams_count, memory_order_relaxed);
}
