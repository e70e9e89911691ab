/* SPDX-License-Identifier: MIT
 *
 * Who asks, as far as the network tells: the peer of the connection, or behind
 * proxies that are trusted (--trust-proxy) the address that the last of them saw.
 */
#ifndef SP_NET_CLIENT_ADDRESS_H
#define SP_NET_CLIENT_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sockaddr;

/* IPv4 stands mapped into IPv6 (RFC 4291, 2.5.5.2). All zero = not known. */
typedef struct sp_client_address {
    uint8_t bytes[16];
} sp_client_address;

/* Of a socket; not known unless it is one of IP. */
sp_client_address sp_client_address_of(const struct sockaddr *from);
/* `192.0.2.1` or `2001:db8::1`, without port or zone. false if it is neither. */
bool sp_client_address_parse(const char *text, size_t size, sp_client_address *out);
/* The shortest text of it (RFC 5952), or `unknown`. Returns its size, without
 * the NUL behind it. */
#define SP_CLIENT_ADDRESS_TEXT_SIZE_MAX 46u
size_t sp_client_address_print(const sp_client_address *address,
                               char out[SP_CLIENT_ADDRESS_TEXT_SIZE_MAX]);

/* A subnet: addresses that share the first `bits`. */
typedef struct sp_subnet {
    sp_client_address address;
    uint32_t bits; /* 0 … 128, of the mapped form */
} sp_subnet;

/* `10.0.0.0/8`, `2001:db8::/32`, or an address alone. false if it is neither, or
 * has bits set behind its prefix. */
bool sp_subnet_parse(const char *text, sp_subnet *out);
bool sp_subnet_has(const sp_subnet *subnet, const sp_client_address *address);

/* The network that is taken for one person's: /24 of IPv4, /64 of IPv6; the
 * rest is zero. */
sp_client_address sp_client_network(const sp_client_address *address);
/* What one customer may have many networks of: /16 of IPv4, /48 of IPv6 (RFC
 * 6177: a site gets up to so much). */
sp_client_address sp_client_wide_network(const sp_client_address *address);

#endif
