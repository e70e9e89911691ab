/* SPDX-License-Identifier: MIT */
#include "tests/support/transport_client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "engine/assert.h"

static socklen_t parse_address(const char *text, struct sockaddr_storage *out)
{
    char host[INET6_ADDRSTRLEN];
    const char *colon = strrchr(text, ':');
    SP_ASSERT(colon != NULL);
    bool six = text[0] == '[';
    snprintf(host, sizeof host, "%.*s", (int)(colon - text) - (six ? 2 : 0), text + (six ? 1 : 0));
    uint16_t port = htons((uint16_t)atoi(colon + 1));
    memset(out, 0, sizeof *out);
    if (six) {
        struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)out;
        in6->sin6_family = AF_INET6;
        in6->sin6_port = port;
        SP_ASSERT_CMP(inet_pton(AF_INET6, host, &in6->sin6_addr), ==, 1);
        return sizeof *in6;
    }
    struct sockaddr_in *in = (struct sockaddr_in *)out;
    in->sin_family = AF_INET;
    in->sin_port = port;
    SP_ASSERT_CMP(inet_pton(AF_INET, host, &in->sin_addr), ==, 1);
    return sizeof *in;
}

bool transport_connect(transport_client *client, const char *address, int receive_size)
{
    struct sockaddr_storage to;
    socklen_t size = parse_address(address, &to);
    *client = (transport_client){.fd = socket(to.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    SP_ASSERT_CMP(client->fd, >=, 0);
    if (receive_size > 0)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &receive_size, sizeof receive_size);
    if (connect(client->fd, (struct sockaddr *)&to, size) == 0)
        return true;
    transport_close(client);
    return false;
}

void transport_close(transport_client *client)
{
    close(client->fd);
    sp_out_close(&client->in);
    client->fd = -1;
}

void transport_reset(transport_client *client)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    transport_close(client);
}

bool transport_readable(transport_client *client, int timeout_ms)
{
    struct pollfd poller = {.fd = client->fd, .events = POLLIN};
    return poll(&poller, 1, timeout_ms) > 0;
}

/* A server that has hung up makes the rest of a send fail: its reason is what
 * the test reads next. */
void transport_send(transport_client *client, const char *bytes, size_t size)
{
    struct pollfd poller = {.fd = client->fd, .events = POLLOUT};
    while (size > 0) {
        SP_ASSERT_CMP(poll(&poller, 1, TRANSPORT_PATIENCE_MS), >, 0);
        ssize_t sent = send(client->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (sent < 0)
            return;
        bytes += sent;
        size -= (size_t)sent;
    }
}

void transport_say(transport_client *client, const char *string)
{
    transport_send(client, string, strlen(string));
}

void transport_end(transport_client *client)
{
    shutdown(client->fd, SHUT_WR);
}

/* Some more bytes: their count, 0 at the end, -1 after a reset. */
static ssize_t receive(transport_client *client)
{
    SP_ASSERT(transport_readable(client, TRANSPORT_PATIENCE_MS));
    char *room = sp_out_reserve(&client->in, 65536);
    ssize_t size = recv(client->fd, room, 65536, 0);
    if (size > 0)
        client->in.size += (size_t)size;
    return size;
}

static const char *find_head_end(transport_client *client)
{
    const char *from = client->in.bytes != NULL ? client->in.bytes + client->at : "";
    return memmem(from, client->in.size - client->at, "\r\n\r\n", 4);
}

static bool read_head(transport_client *client)
{
    while (find_head_end(client) == NULL)
        if (receive(client) <= 0)
            return false;
    return true;
}

static size_t body_size_of(const char *head)
{
    const char *field = strcasestr(head, "\r\nContent-Length: ");
    return field != NULL ? strtoull(field + 18, NULL, 10) : 0;
}

transport_answer transport_read(transport_client *client, bool head)
{
    transport_answer answer = {0};
    if (!read_head(client))
        return answer;
    const char *start = client->in.bytes + client->at;
    size_t head_size = (size_t)(find_head_end(client) - start) + 4;
    char text[4096];
    SP_ASSERT_CMP(head_size, <, sizeof text);
    memcpy(text, start, head_size);
    text[head_size] = '\0';
    int status = atoi(text + 9);
    answer.closes = strcasestr(text, "\r\nConnection: close\r\n") != NULL;
    answer.body_size = body_size_of(text);
    client->at += head_size;
    size_t wanted = head || status == 304 || status < 200 ? 0 : answer.body_size;
    while (client->in.size - client->at < wanted)
        if (receive(client) <= 0)
            return answer;
    size_t kept = wanted < sizeof answer.body - 1 ? wanted : sizeof answer.body - 1;
    memcpy(answer.body, client->in.bytes + client->at, kept);
    client->at += wanted;
    answer.status = status;
    return answer;
}

int transport_get(transport_client *client, const char *path)
{
    char text[512];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: h\r\n\r\n", path);
    transport_say(client, text);
    return transport_read(client, false).status;
}

void transport_expect(transport_client *client, const char *bytes, size_t size)
{
    while (client->in.size - client->at < size) {
        ssize_t got = receive(client);
        SP_ASSERT_CMP(got, >, 0);
    }
    SP_ASSERT_CMP(memcmp(client->in.bytes + client->at, bytes, size), ==, 0);
    client->at += size;
}

bool transport_wait_end(transport_client *client, size_t *size)
{
    ssize_t got;
    while ((got = receive(client)) > 0)
        ;
    if (size != NULL)
        *size = client->in.size - client->at;
    return got == 0;
}
