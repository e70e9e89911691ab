/* SPDX-License-Identifier: MIT
 *
 * Listening sockets, made by hand: libuv 1.44 has no flag for SO_REUSEPORT.
 *
 * Several loops share a port by SO_REUSEPORT; but that option would let a
 * second server of the same user share it too, silently. So the first socket
 * of an address binds and listens without it. That is exclusive, and Linux
 * checks it at listen() again, so of two servers that start at the same moment
 * only one passes. Only then the option is set on that socket, and the others
 * join it. The port is held all the time: there is no gap to slip into.
 */
#ifndef SP_NET_LISTEN_H
#define SP_NET_LISTEN_H

#include "net/server.h"

/* Opens `count` non-blocking sockets that listen on one address (the first
 * that the host resolves to); with port 0 the system chooses once for all.
 * 0, or a negative libuv error with nothing left open. Blocks for the
 * resolver. */
int sp_listen_open(const sp_listen_address *address, int *fds, uint32_t count);

/* The address that the socket is bound to, as `host:port`, brackets round
 * IPv6. */
void sp_listen_name(int fd, char *out, size_t size);

#endif
