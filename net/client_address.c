/* SPDX-License-Identifier: MIT */
#include "net/client_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* ::ffff:0:0/96, under which IPv4 stands. */
static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
#define MAPPED_BITS 96u

static bool is_mapped(const sp_client_address *address)
{
    return memcmp(address->bytes, mapped, sizeof mapped) == 0;
}

static void map(const void *ipv4, sp_client_address *out)
{
    memcpy(out->bytes, mapped, sizeof mapped);
    memcpy(out->bytes + sizeof mapped, ipv4, 4);
}

sp_client_address sp_client_address_of(const struct sockaddr *from)
{
    sp_client_address address = {0};
    if (from->sa_family == AF_INET) {
        struct sockaddr_in ipv4;
        memcpy(&ipv4, from, sizeof ipv4);
        map(&ipv4.sin_addr, &address);
    } else if (from->sa_family == AF_INET6) {
        struct sockaddr_in6 ipv6;
        memcpy(&ipv6, from, sizeof ipv6);
        memcpy(address.bytes, &ipv6.sin6_addr, sizeof address.bytes);
    }
    return address;
}

bool sp_client_address_parse(const char *text, size_t size, sp_client_address *out)
{
    char copy[INET6_ADDRSTRLEN];
    uint8_t ipv4[4];
    if (size >= sizeof copy)
        return false;
    memcpy(copy, text, size);
    copy[size] = '\0';
    if (strlen(copy) != size)
        return false;
    if (inet_pton(AF_INET, copy, ipv4) == 1) {
        map(ipv4, out);
        return true;
    }
    return inet_pton(AF_INET6, copy, out->bytes) == 1;
}

size_t sp_client_address_print(const sp_client_address *address,
                               char out[SP_CLIENT_ADDRESS_TEXT_SIZE_MAX])
{
    static const sp_client_address unknown;
    _Static_assert(SP_CLIENT_ADDRESS_TEXT_SIZE_MAX >= INET6_ADDRSTRLEN, "fits the longest");
    if (memcmp(address, &unknown, sizeof unknown) == 0)
        strcpy(out, "unknown");
    else if (is_mapped(address))
        inet_ntop(AF_INET, address->bytes + sizeof mapped, out, SP_CLIENT_ADDRESS_TEXT_SIZE_MAX);
    else
        inet_ntop(AF_INET6, address->bytes, out, SP_CLIENT_ADDRESS_TEXT_SIZE_MAX);
    return strlen(out);
}

/* Keeps the first bits, clears the rest. */
static sp_client_address prefix_of(const sp_client_address *address, uint32_t bits)
{
    sp_client_address prefix = *address;
    for (uint32_t i = 0; i < sizeof prefix.bytes; i++) {
        uint32_t kept = bits > 8 * i ? bits - 8 * i : 0;
        if (kept < 8)
            prefix.bytes[i] &= (uint8_t)(0xff00u >> kept);
    }
    return prefix;
}

/* One to three digits without leading zeros, at most `max`. */
static bool parse_bits(const char *text, uint32_t max, uint32_t *out)
{
    size_t size = strlen(text);
    uint32_t bits = 0;
    if (size == 0 || size > 3 || (size > 1 && text[0] == '0'))
        return false;
    for (size_t i = 0; i < size; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        bits = bits * 10 + (uint32_t)(text[i] - '0');
    }
    *out = bits;
    return bits <= max;
}

bool sp_subnet_parse(const char *text, sp_subnet *out)
{
    const char *slash = strchr(text, '/');
    size_t size = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (!sp_client_address_parse(text, size, &out->address))
        return false;
    out->bits = 128;
    if (slash == NULL)
        return true;
    /* A mapped address that is written out counts its bits as IPv6 does. */
    bool is_ipv4 = memchr(text, ':', size) == NULL;
    if (!parse_bits(slash + 1, is_ipv4 ? 32 : 128, &out->bits))
        return false;
    if (is_ipv4)
        out->bits += MAPPED_BITS;
    sp_client_address prefix = prefix_of(&out->address, out->bits);
    return memcmp(&prefix, &out->address, sizeof prefix) == 0;
}

bool sp_subnet_has(const sp_subnet *subnet, const sp_client_address *address)
{
    sp_client_address prefix = prefix_of(address, subnet->bits);
    return memcmp(&prefix, &subnet->address, sizeof prefix) == 0;
}

sp_client_address sp_client_network(const sp_client_address *address)
{
    return prefix_of(address, is_mapped(address) ? MAPPED_BITS + 24 : 64);
}

sp_client_address sp_client_wide_network(const sp_client_address *address)
{
    return prefix_of(address, is_mapped(address) ? MAPPED_BITS + 16 : 48);
}
