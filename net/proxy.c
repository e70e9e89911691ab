/* SPDX-License-Identifier: MIT */
#include "net/proxy.h"

#include "net/http_line.h"

static bool is_trusted(const sp_subnet *trusted, uint32_t count, const sp_client_address *address)
{
    for (uint32_t i = 0; i < count; i++)
        if (sp_subnet_has(&trusted[i], address))
            return true;
    return false;
}

/* The last entry of the list, trimmed; what stands before it stays in *rest.
 * Empty ones count for nothing (RFC 9110, 5.6.1). false: there is none. */
static bool last_entry(sp_text *rest, sp_text *entry)
{
    while (rest->size > 0) {
        const char *comma = memrchr(rest->bytes, ',', rest->size);
        const char *begin = comma != NULL ? comma + 1 : rest->bytes;
        *entry = sp_http_trim(begin, rest->size - (size_t)(begin - rest->bytes));
        rest->size = comma != NULL ? (uint32_t)(comma - rest->bytes) : 0;
        if (entry->size > 0)
            return true;
    }
    return false;
}

/* A colon and 1 to 5 digits, or nothing. */
static bool port_is_sane(const char *text, size_t size)
{
    if (size == 0)
        return true;
    if (text[0] != ':' || size < 2 || size > 6)
        return false;
    for (size_t i = 1; i < size; i++)
        if (text[i] < '0' || text[i] > '9')
            return false;
    return true;
}

/* `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`. */
static bool parse_entry(sp_text entry, sp_client_address *out)
{
    const char *end = entry.bytes + entry.size;
    if (entry.bytes[0] == '[') {
        const char *bracket = memchr(entry.bytes, ']', entry.size);
        return bracket != NULL &&
               memchr(entry.bytes, ':', (size_t)(bracket - entry.bytes)) != NULL &&
               port_is_sane(bracket + 1, (size_t)(end - bracket - 1)) &&
               sp_client_address_parse(entry.bytes + 1, (size_t)(bracket - entry.bytes - 1), out);
    }
    const char *colon = memchr(entry.bytes, ':', entry.size);
    bool has_port = colon != NULL && memchr(colon + 1, ':', (size_t)(end - colon - 1)) == NULL;
    const char *stop = has_port ? colon : end;
    return port_is_sane(stop, (size_t)(end - stop)) &&
           sp_client_address_parse(entry.bytes, (size_t)(stop - entry.bytes), out);
}

sp_client_address sp_proxy_client(const sp_subnet *trusted, uint32_t trusted_count,
                                  const sp_client_address *peer, sp_text forwarded)
{
    sp_client_address client = *peer, before;
    sp_text entry;
    while (is_trusted(trusted, trusted_count, &client) && last_entry(&forwarded, &entry) &&
           parse_entry(entry, &before))
        client = before;
    return client;
}
