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
#define BODY_SIZE_MAX 96u
#define RUN_ID_SIZE 16u

typedef struct prefix {
    uint32_t size;
    char bytes[PREFIX_SIZE_MAX];
} prefix;

typedef struct http {
    const sp_bench_load_tokens *tokens;
    bool keyed;
    char run_id[RUN_ID_SIZE + 1]; /* keys of two runs never meet */
    prefix order, queue;          /* up to the token */
    prefix holds_tail;            /* behind /v1/concerts/{id}, up to the token */
    prefix release_tail;          /* behind /v1/holds/{id}, likewise */
    prefix concert_tail;          /* behind /v1/concerts/{id} */
    prefix map_tail;              /* likewise */
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

static const char bearer[] = "Content-Type: application/json\r\nAuthorization: Bearer ";

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
    print_prefix(&h->order, "POST /v1/orders", wire->host, bearer);
    print_prefix(&h->queue, "POST /v1/orders/queue", wire->host, bearer);
    print_prefix(&h->holds_tail, "/holds", wire->host, bearer);
    print_prefix(&h->release_tail, "", wire->host, "Authorization: Bearer ");
    print_prefix(&h->concert_tail, "", wire->host, "");
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

static char *put_token(char *at, const http *h, const sp_bench_load_request *request)
{
    SP_ASSERT_CMP(request->user, <, h->tokens->count);
    sp_text token = sp_bench_load_token(h->tokens, request->user);
    return sp_bench_load_put(at, token.bytes, token.size);
}

/* The token, the key of what makes a fact, and the body. */
static char *put_rest(char *at, const http *h, const sp_bench_load_request *request,
                      const char *body, size_t size)
{
    at = put_token(at, h, request);
    if (h->keyed) {
        at = SP_BENCH_LOAD_PUT(at, "\r\nIdempotency-Key: load-");
        at = sp_bench_load_put(at, h->run_id, RUN_ID_SIZE);
        *at++ = '-';
        at = sp_bench_load_put_decimal(at, request->index);
        if (request->kind == SP_BENCH_LOAD_BUY)
            at = SP_BENCH_LOAD_PUT(at, "-buy"); /* of a unit whose hold has the index's */
    }
    at = SP_BENCH_LOAD_PUT(at, "\r\nContent-Length: ");
    at = sp_bench_load_put_decimal(at, size);
    at = SP_BENCH_LOAD_PUT(at, "\r\n\r\n");
    return sp_bench_load_put(at, body, size);
}

static char *write_order(const http *h, const prefix *head, const sp_bench_load_request *request,
                         char *at)
{
    char body[BODY_SIZE_MAX], *end = body;
    end = SP_BENCH_LOAD_PUT(end, "{\"concertId\":\"");
    end = sp_bench_load_put_decimal(end, request->concert);
    end = SP_BENCH_LOAD_PUT(end, "\",\"seats\":[");
    end = sp_bench_load_put_decimal(end, request->seat);
    end = SP_BENCH_LOAD_PUT(end, "]}");
    return put_rest(put_prefix(at, head), h, request, body, (size_t)(end - body));
}

static char *write_buy(const http *h, const sp_bench_load_request *request, char *at)
{
    char body[BODY_SIZE_MAX], *end = body;
    end = SP_BENCH_LOAD_PUT(end, "{\"holdId\":\"");
    end = sp_bench_load_put_decimal(end, request->hold);
    end = SP_BENCH_LOAD_PUT(end, "\"}");
    return put_rest(put_prefix(at, &h->order), h, request, body, (size_t)(end - body));
}

static char *write_hold(const http *h, const sp_bench_load_request *request, char *at)
{
    bool best = request->kind == SP_BENCH_LOAD_BEST;
    char body[BODY_SIZE_MAX], *end = body;
    end = best ? SP_BENCH_LOAD_PUT(end, "{\"bestAvailable\":{\"count\":")
               : SP_BENCH_LOAD_PUT(end, "{\"seats\":[");
    end = sp_bench_load_put_decimal(end, best ? request->count : request->seat);
    end = best ? SP_BENCH_LOAD_PUT(end, "}}") : SP_BENCH_LOAD_PUT(end, "]}");
    at = SP_BENCH_LOAD_PUT(at, "POST /v1/concerts/");
    at = sp_bench_load_put_decimal(at, request->concert);
    return put_rest(put_prefix(at, &h->holds_tail), h, request, body, (size_t)(end - body));
}

static char *write_release(const http *h, const sp_bench_load_request *request, char *at)
{
    at = SP_BENCH_LOAD_PUT(at, "DELETE /v1/holds/");
    at = sp_bench_load_put_decimal(at, request->hold);
    at = put_token(put_prefix(at, &h->release_tail), h, request);
    return SP_BENCH_LOAD_PUT(at, "\r\n\r\n");
}

static char *write_concert(const http *h, const sp_bench_load_request *request, char *at)
{
    at = SP_BENCH_LOAD_PUT(at, "GET /v1/concerts/");
    at = sp_bench_load_put_decimal(at, request->concert);
    at = put_prefix(at, &h->concert_tail);
    return SP_BENCH_LOAD_PUT(at, "\r\n");
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
        return write_order(h, &h->order, request, out);
    case SP_BENCH_LOAD_QUEUE:
        return write_order(h, &h->queue, request, out);
    case SP_BENCH_LOAD_HOLD:
    case SP_BENCH_LOAD_BEST:
        return write_hold(h, request, out);
    case SP_BENCH_LOAD_BUY:
        return write_buy(h, request, out);
    case SP_BENCH_LOAD_RELEASE:
        return write_release(h, request, out);
    case SP_BENCH_LOAD_CONCERT:
        return write_concert(h, request, out);
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
