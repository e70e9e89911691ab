/* SPDX-License-Identifier: MIT */
#include "net/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/loop.h"

/* So many in a run, then others have their turn. */
#define RUN_MAX 64
#define PAUSE_MS 100

static int reserve_open(void)
{
    return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The operator's connections come on top: when clients have taken all there
 * are, he wants to look. */
#define OPS_CONNECTIONS 64u

static bool count_in(sp_loop_shared *shared, bool ops)
{
    uint32_t max = shared->config.connections_max + (ops ? OPS_CONNECTIONS : 0);
    uint32_t before =
        atomic_fetch_add_explicit(&shared->connections_count, 1, memory_order_relaxed);
    if (before < max)
        return true;
    atomic_fetch_sub_explicit(&shared->connections_count, 1, memory_order_relaxed);
    return false;
}

/* Out of descriptors: the reserved one makes room to accept one client and
 * hang up, so that he is told now and not by his own timeout. */
static void turn_away(sp_acceptor *acceptor)
{
    if (acceptor->reserve_fd < 0)
        return;
    close(acceptor->reserve_fd);
    int fd = accept4(acceptor->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        sp_counter_add(&acceptor->loop->metrics->turned_away, 1);
        close(fd);
    }
    acceptor->reserve_fd = reserve_open();
}

static void on_acceptable(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
    sp_acceptor *acceptor = timer->data;
    if (acceptor->reserve_fd < 0)
        acceptor->reserve_fd = reserve_open();
    uv_poll_start(&acceptor->poll, UV_READABLE, on_acceptable);
}

static void pause_accepting(sp_acceptor *acceptor)
{
    uv_poll_stop(&acceptor->poll);
    uv_timer_start(&acceptor->pause, on_pause_over, PAUSE_MS, 0);
}

static void take(sp_acceptor *acceptor, int fd, const sp_client_address *peer)
{
    sp_loop *loop = acceptor->loop;
    if (count_in(loop->shared, acceptor->ops)) {
        sp_counter_add(&loop->metrics->accepted, 1);
        sp_conn_open(loop, fd, peer, acceptor->ops);
    } else {
        sp_counter_add(&loop->metrics->turned_away, 1);
        close(fd);
    }
}

/* false = nothing more to accept now. */
static bool accept_one(sp_acceptor *acceptor)
{
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
    struct sockaddr *peer = (struct sockaddr *)&from;
    socklen_t peer_size = sizeof from;
    int fd = accept4(acceptor->fd, peer, &peer_size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        sp_client_address address = sp_client_address_of(peer);
        take(acceptor, fd, &address);
        return true;
    }
    switch (errno) {
    case EMFILE:
    case ENFILE:
        turn_away(acceptor);
        pause_accepting(acceptor);
        return false;
    case ENOBUFS:
    case ENOMEM:
        pause_accepting(acceptor);
        return false;
    case EAGAIN:
        return false;
    default: /* the client gave up meanwhile, or a signal came: try the next */
        return true;
    }
}

static void on_acceptable(uv_poll_t *poll, int status, int events)
{
    sp_acceptor *acceptor = poll->data;
    (void)events;
    (void)sp_loop_turn_ns(acceptor->loop);
    if (status < 0) {
        pause_accepting(acceptor);
        return;
    }
    for (int i = 0; i < RUN_MAX && accept_one(acceptor); i++)
        ;
}

int sp_acceptor_open(sp_acceptor *acceptor, struct sp_loop *loop, int fd, bool ops)
{
    *acceptor = (sp_acceptor){.loop = loop, .fd = fd, .reserve_fd = -1, .ops = ops};
    int status = uv_poll_init(&loop->uv, &acceptor->poll, fd);
    if (status != 0) {
        close(fd);
        return status;
    }
    uv_timer_init(&loop->uv, &acceptor->pause);
    acceptor->poll.data = acceptor->pause.data = acceptor;
    acceptor->reserve_fd = reserve_open();
    acceptor->is_open = true;
    return uv_poll_start(&acceptor->poll, UV_READABLE, on_acceptable);
}

void sp_acceptor_close(sp_acceptor *acceptor)
{
    if (!acceptor->is_open)
        return;
    acceptor->is_open = false;
    uv_close((uv_handle_t *)&acceptor->poll, NULL);
    uv_close((uv_handle_t *)&acceptor->pause, NULL);
    close(acceptor->fd); /* after uv_close: libuv no longer polls it */
    if (acceptor->reserve_fd >= 0)
        close(acceptor->reserve_fd);
}
