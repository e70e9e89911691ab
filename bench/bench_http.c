/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench http`: what a request costs the I/O loop, part by part and
 * without a socket: the bytes of `POST /v1/orders` into a request, the route,
 * the token, and the answers as bytes.
 *
 * A token is met again and again by a busy client (`cached`) or for the first
 * time (`not cached`): each of those is shown once and never again, so that no
 * cache, however it is made, has seen it.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "bench/sample.h"
#include "engine/assert.h"
#include "net/http.h"
#include "tools/options.h"

#define RUNS_MAX 15u
#define RUNS (figures->tiny ? 3u : RUNS_MAX)
#define DEPTH 32u
/* New ones for each run, and for the one before that is not measured. */
#define NEW_TOKENS_PER_RUN 4096u
#define TOKENS_COUNT ((RUNS_MAX + 1) * NEW_TOKENS_PER_RUN)
#define TOKEN_SIZE_MAX 256u

typedef struct parts {
    sp_bench_sample *sample;
    uint32_t rounds;
    char request[SP_BENCH_REQUEST_SIZE_MAX];
    uint32_t request_size;
    char *pipelined; /* DEPTH requests, one behind the other */
    uint32_t pipelined_size;
    sp_http http;                       /* taken up again for each request, as from a pool */
    sp_http_heads *heads, *heads_known; /* NULL: each head is read anew */
    sp_out out;
    sp_json_reader *reader;
    sp_token_verifier *verifier;
    char *tokens; /* TOKENS_COUNT of them, TOKEN_SIZE_MAX apart */
    uint32_t token_size, tokens_shown;
    uint64_t sum; /* of what came out: nobody may leave the work out */
} parts;

/* One request from its bytes; returns how many it took. */
static size_t parse_one(parts *p, const char *bytes, size_t size)
{
    size_t at = 0, used;
    sp_http_event event = SP_HTTP_MORE;
    sp_http_init(&p->http, p->heads);
    while (event != SP_HTTP_REQUEST) {
        event = sp_http_feed(&p->http, bytes + at, size - at, &used);
        SP_ASSERT(event == SP_HTTP_HEAD || event == SP_HTTP_REQUEST);
        at += used;
    }
    sp_request request;
    sp_http_message_request(&p->http.message, &request);
    p->sum += request.body.size + request.path.size;
    sp_http_close(&p->http);
    return at;
}

static void parse_whole(void *context)
{
    parts *p = context;
    for (uint32_t i = 0; i < p->rounds; i++)
        parse_one(p, p->request, p->request_size);
}

static void parse_pipelined(void *context)
{
    parts *p = context;
    for (uint32_t i = 0; i < p->rounds / DEPTH; i++)
        for (size_t at = 0; at < p->pipelined_size;)
            at += parse_one(p, p->pipelined + at, p->pipelined_size - at);
}

static void match_route(void *context)
{
    static const sp_text path = SP_TEXT("/v1/orders");
    parts *p = context;
    for (uint32_t i = 0; i < p->rounds; i++)
        p->sum += sp_router_match(SP_METHOD_POST, path).route != NULL;
}

static void match_route_with_id(void *context)
{
    static const sp_text path = SP_TEXT("/v1/concerts/123456/seats");
    parts *p = context;
    for (uint32_t i = 0; i < p->rounds; i++)
        p->sum += sp_router_match(SP_METHOD_GET, path).params[0];
}

static void verify(parts *p, uint32_t index)
{
    sp_token_holder holder;
    sp_text token = {p->tokens + (size_t)index * TOKEN_SIZE_MAX, p->token_size};
    sp_outcome outcome = sp_token_verify(p->verifier, token, SP_BENCH_SAMPLE_TIME, &holder);
    SP_ASSERT_CMP(outcome, ==, SP_OK);
    p->sum += holder.user;
}

static void verify_cached(void *context)
{
    parts *p = context;
    for (uint32_t i = 0; i < p->rounds; i++)
        verify(p, i % 64);
}

static void verify_not_cached(void *context)
{
    parts *p = context;
    for (uint32_t i = 0; i < NEW_TOKENS_PER_RUN; i++)
        verify(p, p->tokens_shown++);
}

static void answer_all(parts *p, sp_bench_answer which)
{
    for (uint32_t i = 0; i < p->rounds; i++) {
        if (i % DEPTH == 0)
            sp_out_clear(&p->out);
        sp_bench_sample_answer(p->sample, which, &p->out);
    }
}

static void answer_paid(void *context)
{
    answer_all(context, SP_BENCH_ANSWER_PAID);
}
static void answer_taken(void *context)
{
    answer_all(context, SP_BENCH_ANSWER_TAKEN);
}
static void answer_unchanged(void *context)
{
    answer_all(context, SP_BENCH_ANSWER_UNCHANGED);
}

static void bench_part(sp_bench_figures *figures, parts *p, const char *label,
                       void (*body)(void *context), uint32_t operations, uint32_t bytes)
{
    p->sum = 0;
    sp_bench_pace pace = sp_bench_pace_of(body, p, operations, RUNS);
    sp_bench_figures_pace(figures, label, pace, bytes);
    sp_bench_figures_hash(figures, &p->sum, sizeof p->sum);
}

static uint32_t answer_size(sp_bench_figures *figures, parts *p, sp_bench_answer which)
{
    sp_out_clear(&p->out);
    sp_bench_sample_answer(p->sample, which, &p->out);
    sp_bench_figures_hash(figures, p->out.bytes, p->out.size);
    return (uint32_t)p->out.size;
}

static void bench_all(sp_bench_figures *figures, parts *p)
{
    bench_part(figures, p, "parse POST /v1/orders", parse_whole, p->rounds, p->request_size);
    p->heads = p->heads_known;
    bench_part(figures, p, "parse, head known", parse_whole, p->rounds, p->request_size);
    p->heads = NULL;
    bench_part(figures, p, "parse, 32 pipelined", parse_pipelined, p->rounds, p->request_size);
    bench_part(figures, p, "route /v1/orders", match_route, p->rounds, 0);
    bench_part(figures, p, "route /v1/concerts/{id}/seats", match_route_with_id, p->rounds, 0);
    /* New ones first: the other way round some of them were not. */
    bench_part(figures, p, "token, not cached", verify_not_cached, NEW_TOKENS_PER_RUN,
               p->token_size);
    bench_part(figures, p, "token, cached", verify_cached, p->rounds, p->token_size);
    uint32_t bytes = answer_size(figures, p, SP_BENCH_ANSWER_PAID);
    bench_part(figures, p, "answer 201 order", answer_paid, p->rounds, bytes);
    bytes = answer_size(figures, p, SP_BENCH_ANSWER_TAKEN);
    bench_part(figures, p, "answer 409 seat_taken", answer_taken, p->rounds, bytes);
    bytes = answer_size(figures, p, SP_BENCH_ANSWER_UNCHANGED);
    bench_part(figures, p, "answer 304 seat map", answer_unchanged, p->rounds, bytes);
}

static bool parts_open(parts *p, bool tiny)
{
    p->rounds = tiny ? 20 * DEPTH : 3125 * DEPTH;
    sp_out_init(&p->out);
    p->sample = sp_bench_sample_create();
    p->tokens = malloc((size_t)TOKENS_COUNT * TOKEN_SIZE_MAX);
    p->pipelined = malloc(DEPTH * SP_BENCH_REQUEST_SIZE_MAX);
    p->heads_known = calloc(1, sizeof *p->heads_known);
    p->reader = sp_json_reader_create();
    if (p->sample == NULL || p->tokens == NULL || p->pipelined == NULL || p->heads_known == NULL ||
        p->reader == NULL)
        return false;
    p->verifier = sp_token_verifier_create(sp_bench_sample_ring(p->sample), p->reader);
    if (p->verifier == NULL)
        return false;
    p->request_size = sp_bench_sample_request(p->sample, 20000, 12345, p->request);
    for (uint32_t i = 0; i < DEPTH; i++) {
        memcpy(p->pipelined + p->pipelined_size, p->request, p->request_size);
        p->pipelined_size += p->request_size;
    }
    for (uint32_t i = 0; i < TOKENS_COUNT; i++) {
        char token[SP_TOKEN_SIZE_MAX];
        /* All of one length: users of six digits. */
        p->token_size = sp_bench_sample_token(p->sample, 100000 + i, token);
        SP_ASSERT_CMP(p->token_size, <=, TOKEN_SIZE_MAX);
        memcpy(p->tokens + (size_t)i * TOKEN_SIZE_MAX, token, p->token_size);
    }
    return true;
}

static void parts_close(parts *p)
{
    sp_token_verifier_destroy(p->verifier);
    sp_json_reader_destroy(p->reader);
    free(p->pipelined);
    free(p->heads_known);
    free(p->tokens);
    sp_bench_sample_destroy(p->sample);
    sp_out_close(&p->out);
}

int sp_bench_http(int argc, char **argv)
{
    const char *tiny[1], *json[1];
    sp_option options[] = {
        {"tiny", NULL, "a run for tests: small numbers", tiny, 1, 0},
        {"json", NULL, "print a JSON object a line", json, 1, 0},
    };
    int parsed = sp_options_parse("stagepick bench http [OPTION]...\n"
                                  "Parses requests and writes answers, without sockets.",
                                  options, 2, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    static parts p; /* large: it has a request's memory in it */
    sp_bench_figures figures;
    int code = SP_EXIT_FAILED;
    memset(&p, 0, sizeof p);
    if (!parts_open(&p, options[0].count > 0)) {
        fputs("stagepick bench: out of memory\n", stderr);
    } else if (sp_bench_figures_begin(&figures, "http",
                                      "a request's parts on the I/O loop, no socket",
                                      options[1].count > 0, options[0].count > 0)) {
        bench_all(&figures, &p);
        sp_bench_figures_end(&figures, true);
        code = SP_EXIT_OK;
    }
    parts_close(&p);
    return code;
}
