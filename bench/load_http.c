/* SPDX-License-Identifier: MIT
 *
 * Requests over HTTP: a prepared head is copied, the token and what differs
 * are put behind it. Nothing is printed by stdio on the way.
 */
#include "bench/load_http.h"

#include <stdio.h>
#include <stdlib.h>

#include <sodium.h>

#include "bench/load_text.h"
#include "engine/assert.h"
#include "net/token.h"

#define PREFIX_SIZE_MAX 512u
#define HOST_SIZE_MAX 300u
/* A prefix, a token, the key's and the tag's field, length and body. */
#define REQUEST_SIZE_MAX (PREFIX_SIZE_MAX + SP_TOKEN_SIZE_MAX + 512u)
#define RUN_ID_SIZE 16u

typedef struct prefix {
    uint32_t size;
    char bytes[PREFIX_SIZE_MAX];
} prefix;

typedef struct http {
    const sp_bench_load_tokens *tokens;
    bool keyed;
    char run_id[RUN_ID_SIZE + 1]; /* keys of two runs never meet */
    prefix order;                 /* up to the token */
    prefix map_tail;              /* behind /v1/concerts/{id} */
    prefix livez;                 /* all of it */
} http;

static bool knows(sp_bench_load_kind kind)
{
    (void)kind;
    return true;
}

static void print_prefix(prefix *p, const char *before, const char *host, const char *behind)
{
    int size =
        snprintf(p->bytes, sizeof p->bytes, "%s HTTP/1.1\r\nHost: %s\r\n%s", before, host, behind);
    SP_ASSERT(size > 0 && (size_t)size < sizeof p->bytes);
    p->size = (uint32_t)size;
}

static void *open_http(const sp_bench_load_wire *wire, char *why, size_t why_size)
{
    unsigned char random[RUN_ID_SIZE / 2];
    if (strlen(wire->host) > HOST_SIZE_MAX) {
        snprintf(why, why_size, "the host's name is too long");
        return NULL;
    }
    http *h = sodium_init() < 0 ? NULL : calloc(1, sizeof *h);
    if (h == NULL) {
        snprintf(why, why_size, "out of memory");
        return NULL;
    }
    h->tokens = wire->tokens;
    h->keyed = wire->keyed;
    randombytes_buf(random, sizeof random);
    sodium_bin2hex(h->run_id, sizeof h->run_id, random, sizeof random);
    print_prefix(&h->order, "POST /v1/orders", wire->host,
                 "Content-Type: application/json\r\nAuthorization: Bearer ");
    print_prefix(&h->map_tail, "/seats", wire->host, "");
    print_prefix(&h->livez, "GET /livez", wire->host, "\r\n");
    return h;
}

static size_t request_size_max(const void *protocol)
{
    (void)protocol;
    return REQUEST_SIZE_MAX;
}

static char *put_prefix(char *at, const prefix *p)
{
    return sp_bench_load_put(at, p->bytes, p->size);
}

static char *write_order(const http *h, const sp_bench_load_request *request, char *at)
{
    static const char before[] = "{\"concertId\":\"", between[] = "\",\"seats\":[";
    SP_ASSERT_CMP(request->user, <, h->tokens->count);
    sp_text token = sp_bench_load_token(h->tokens, request->user);
    at = put_prefix(at, &h->order);
    at = sp_bench_load_put(at, token.bytes, token.size);
    if (h->keyed) {
        at = SP_BENCH_LOAD_PUT(at, "\r\nIdempotency-Key: load-");
        at = sp_bench_load_put(at, h->run_id, RUN_ID_SIZE);
        *at++ = '-';
        at = sp_bench_load_put_decimal(at, request->index);
    }
    at = SP_BENCH_LOAD_PUT(at, "\r\nContent-Length: ");
    at = sp_bench_load_put_decimal(at, sizeof before - 1 + sizeof between - 1 + 2 +
                                           sp_bench_load_decimal_size(request->concert) +
                                           sp_bench_load_decimal_size(request->seat));
    at = SP_BENCH_LOAD_PUT(at, "\r\n\r\n");
    at = SP_BENCH_LOAD_PUT(at, before);
    at = sp_bench_load_put_decimal(at, request->concert);
    at = SP_BENCH_LOAD_PUT(at, between);
    at = sp_bench_load_put_decimal(at, request->seat);
    return SP_BENCH_LOAD_PUT(at, "]}");
}

static char *write_map(const http *h, const sp_bench_load_request *request, char *at)
{
    at = SP_BENCH_LOAD_PUT(at, "GET /v1/concerts/");
    at = sp_bench_load_put_decimal(at, request->concert);
    at = put_prefix(at, &h->map_tail);
    if (request->etag.bytes != NULL) {
        at = SP_BENCH_LOAD_PUT(at, "If-None-Match: ");
        at = sp_bench_load_put(at, request->etag.bytes, request->etag.size);
        at = SP_BENCH_LOAD_PUT(at, "\r\n");
    }
    return SP_BENCH_LOAD_PUT(at, "\r\n");
}

static char *write_request(const void *protocol, const sp_bench_load_request *request, char *out)
{
    const http *h = protocol;
    switch (request->kind) {
    case SP_BENCH_LOAD_ORDER:
        return write_order(h, request, out);
    case SP_BENCH_LOAD_MAP:
        return write_map(h, request, out);
    case SP_BENCH_LOAD_LIVEZ:
        return put_prefix(out, &h->livez);
    }
    SP_ASSERT(false);
    return out;
}

const sp_bench_load_protocol sp_bench_load_http = {
    .name = "http",
    .knows = knows,
    .open = open_http,
    .close = free,
    .request_size_max = request_size_max,
    .write = write_request,
    .scan = sp_bench_load_http_scan,
};
