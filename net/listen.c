/* SPDX-License-Identifier: MIT */
#include "net/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

/* The system caps it at net.core.somaxconn. */
#define BACKLOG 4096

/* 0 … 65535 in plain decimal digits; false if it is anything else. */
static bool parse_port(const char *text, uint16_t *out)
{
    size_t size = strlen(text);
    if (size == 0 || size > 5)
        return false;
    unsigned port = 0;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        port = port * 10 + (unsigned)(text[i] - '0');
    }
    *out = (uint16_t)port;
    return port <= 65535;
}

bool sp_listen_address_parse(const char *text, sp_listen_address *out)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL)
        return false;
    const char *host = text, *end = colon;
    if (text[0] == '[') {
        if (colon == text + 1 || colon[-1] != ']')
            return false;
        host = text + 1;
        end = colon - 1;
    } else if (memchr(text, ':', (size_t)(colon - text)) != NULL) {
        return false; /* IPv6 without brackets: which colon is the port's? */
    }
    size_t size = (size_t)(end - host);
    if (size == 0 || size >= sizeof out->host)
        return false;
    memcpy(out->host, host, size);
    out->host[size] = '\0';
    if (strpbrk(out->host, "[]/@ \t\r\n") != NULL)
        return false;
    return parse_port(colon + 1, &out->port);
}

static int resolve(const sp_listen_address *address, struct sockaddr_storage *out,
                   socklen_t *out_size)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char port[8];
    snprintf(port, sizeof port, "%u", address->port);
    uv_getaddrinfo_t request;
    uv_loop_t loop;
    int status = uv_loop_init(&loop);
    if (status != 0)
        return status;
    /* Without a callback it works at once; libuv names the errors. */
    status = uv_getaddrinfo(&loop, &request, NULL, address->host, port, &hints);
    if (status == 0) {
        memcpy(out, request.addrinfo->ai_addr, request.addrinfo->ai_addrlen);
        *out_size = request.addrinfo->ai_addrlen;
        uv_freeaddrinfo(request.addrinfo);
    }
    uv_loop_close(&loop);
    return status;
}

static int set_flag(int fd, int level, int option)
{
    int on = 1;
    return setsockopt(fd, level, option, &on, sizeof on) == 0 ? 0 : -errno;
}

/* A bound and listening socket, or a negative errno. */
static int open_one(const struct sockaddr_storage *address, socklen_t size, bool shared)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* So that a restart needs not wait for connections in TIME_WAIT. */
    int status = set_flag(fd, SOL_SOCKET, SO_REUSEADDR);
    if (status == 0 && shared)
        status = set_flag(fd, SOL_SOCKET, SO_REUSEPORT);
    /* [::] means IPv6 and nothing else, so that 0.0.0.0 can stand beside it. */
    if (status == 0 && address->ss_family == AF_INET6)
        status = set_flag(fd, IPPROTO_IPV6, IPV6_V6ONLY);
    if (status == 0 && bind(fd, (const struct sockaddr *)address, size) != 0)
        status = -errno;
    if (status == 0 && listen(fd, BACKLOG) != 0)
        status = -errno;
    if (status == 0)
        return fd;
    close(fd);
    return status;
}

static int open_others(int *fds, uint32_t count)
{
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    int status = set_flag(fds[0], SOL_SOCKET, SO_REUSEPORT);
    if (status == 0 && getsockname(fds[0], (struct sockaddr *)&bound, &size) != 0)
        status = -errno;
    uint32_t opened = 1;
    while (status == 0 && opened < count) {
        fds[opened] = open_one(&bound, size, true);
        if (fds[opened] < 0)
            status = fds[opened];
        else
            opened++;
    }
    while (status != 0 && opened > 1)
        close(fds[--opened]);
    return status;
}

int sp_listen_open(const sp_listen_address *address, int *fds, uint32_t count)
{
    struct sockaddr_storage resolved;
    socklen_t size = 0;
    int status = resolve(address, &resolved, &size);
    if (status != 0)
        return status;
    fds[0] = open_one(&resolved, size, false);
    if (fds[0] < 0)
        return fds[0];
    if (count > 1)
        status = open_others(fds, count);
    if (status != 0)
        close(fds[0]);
    return status;
}

void sp_listen_name(int fd, char *out, size_t size)
{
    struct sockaddr_storage bound;
    socklen_t bound_size = sizeof bound;
    char host[NI_MAXHOST] = "?", port[NI_MAXSERV] = "0";
    if (getsockname(fd, (struct sockaddr *)&bound, &bound_size) == 0)
        getnameinfo((struct sockaddr *)&bound, bound_size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV);
    bool brackets = strchr(host, ':') != NULL;
    snprintf(out, size, "%s%s%s:%s", brackets ? "[" : "", host, brackets ? "]" : "", port);
}
