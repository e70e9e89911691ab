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

static bool count_in(sp_loop_shared *shared)
{
    uint32_t before =
        atomic_fetch_add_explicit(&shared->connections_count, 1, memory_order_relaxed);
    if (before < shared->config.connections_max)
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
    if (fd >= 0)
        close(fd);
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

/* false = nothing more to accept now. */
static bool accept_one(sp_acceptor *acceptor)
{
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};
    struct sockaddr *peer = (struct sockaddr *)&from;
    socklen_t peer_size = sizeof from;
    int fd = accept4(acceptor->fd, peer, &peer_size, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        sp_client_address address = sp_client_address_of(peer);
        if (count_in(acceptor->loop->shared))
            sp_conn_open(acceptor->loop, fd, &address);
        else
            close(fd);
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
    if (status < 0) {
        pause_accepting(acceptor);
        return;
    }
    for (int i = 0; i < RUN_MAX && accept_one(acceptor); i++)
        ;
}

int sp_acceptor_open(sp_acceptor *acceptor, struct sp_loop *loop, int fd)
{
    *acceptor = (sp_acceptor){.loop = loop, .fd = fd, .reserve_fd = -1};
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
