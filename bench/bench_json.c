/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench json`: bodies read and written. An order's body goes from
 * bytes to a decoded command, twice: by the scan that the server uses for
 * bodies as clients usually write them, and by yajl, to which it leaves the
 * unusual ones; the bodies are the same. An order goes from the engine's answer
 * to the body of a 201. (Bodies in msgpack join here with the feature that brings
 * them.)
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "bench/sample.h"
#include "engine/assert.h"
#include "net/encode.h"
#include "tools/options.h"

#define RUNS (figures->tiny ? 3u : 15u)
#define BODIES_COUNT 1024u
#define BODY_SIZE_MAX 128u

typedef struct bodies {
    sp_bench_sample *sample;
    sp_json_reader *reader;
    sp_json_writer *writer;
    sp_out out;
    uint32_t rounds; /* over all bodies in one run */
    char text[BODIES_COUNT][BODY_SIZE_MAX];
    uint32_t sizes[BODIES_COUNT];
    sp_order_view order; /* to be written */
    sp_seat seats[4];
    sp_command command;
    sp_field_errors errors;
    uint64_t sum;
} bodies;

static void scan_all(void *context)
{
    bodies *b = context;
    for (uint32_t round = 0; round < b->rounds; round++)
        for (uint32_t i = 0; i < BODIES_COUNT; i++) {
            bool good = sp_decode_order_scan((sp_text){b->text[i], b->sizes[i]}, &b->command);
            SP_ASSERT(good); /* else the server would take the other way */
            b->sum += b->command.order_create.seats[0];
        }
}

static void read_all(void *context)
{
    bodies *b = context;
    sp_decode decode = {b->reader, &b->errors};
    for (uint32_t round = 0; round < b->rounds; round++)
        for (uint32_t i = 0; i < BODIES_COUNT; i++) {
            const char *why;
            const sp_json_node *root =
                sp_json_read(b->reader, (sp_text){b->text[i], b->sizes[i]}, &why);
            SP_ASSERT(root != NULL);
            bool good = sp_decode_order(&decode, root, &b->command);
            SP_ASSERT(good);
            b->sum += b->command.order_create.seats[0];
        }
}

static void write_all(void *context)
{
    bodies *b = context;
    const sp_concert_card *card = sp_bench_sample_card(b->sample);
    for (uint32_t round = 0; round < b->rounds; round++)
        for (uint32_t i = 0; i < BODIES_COUNT; i++) {
            b->order.id = 1000000 + i;
            for (uint32_t s = 0; s < b->order.seats_count; s++)
                b->seats[s] = 17 * i + s;
            sp_out_clear(&b->out);
            sp_json_begin(b->writer, &b->out);
            sp_encode_order(b->writer, &b->order, card);
            b->sum += b->out.size;
        }
}

/* Bodies as a browser's JSON.stringify writes them. */
static void make_bodies(bodies *b, uint32_t seats_count)
{
    sp_bench_random random = {UINT64_C(0x9e3779b97f4a7c15)};
    for (uint32_t i = 0; i < BODIES_COUNT; i++) {
        uint32_t first = sp_bench_random_below(&random, 49996);
        char *text = b->text[i];
        int at = snprintf(text, BODY_SIZE_MAX, "{\"concertId\":\"%u\",\"seats\":[",
                          1 + sp_bench_random_below(&random, 1000));
        for (uint32_t s = 0; s < seats_count; s++)
            at += snprintf(text + at, BODY_SIZE_MAX - (size_t)at, "%s%u", s > 0 ? "," : "",
                           first + s);
        at += snprintf(text + at, BODY_SIZE_MAX - (size_t)at, "]}");
        SP_ASSERT_CMP(at, <, (int)BODY_SIZE_MAX);
        b->sizes[i] = (uint32_t)at;
    }
}

static void bench_order(sp_bench_figures *figures, bodies *b, uint32_t seats_count)
{
    char label[64];
    const char *plural = seats_count > 1 ? "s" : "";
    uint32_t operations = b->rounds * BODIES_COUNT;
    b->sum = 0;
    make_bodies(b, seats_count);
    sp_bench_pace scanning = sp_bench_pace_of(scan_all, b, operations, RUNS);
    sp_bench_pace reading = sp_bench_pace_of(read_all, b, operations, RUNS);
    b->order = *sp_bench_sample_order(b->sample);
    b->order.seats = b->seats;
    b->order.seats_count = seats_count;
    sp_bench_pace writing = sp_bench_pace_of(write_all, b, operations, RUNS);
    snprintf(label, sizeof label, "read an order's body, %u seat%s", seats_count, plural);
    sp_bench_figures_pace(figures, label, scanning, b->sizes[0]);
    snprintf(label, sizeof label, "read by yajl (unusual bodies), %u seat%s", seats_count, plural);
    sp_bench_figures_pace(figures, label, reading, b->sizes[0]);
    snprintf(label, sizeof label, "write an order's body, %u seat%s", seats_count, plural);
    sp_bench_figures_pace(figures, label, writing, (uint32_t)b->out.size);
    sp_bench_figures_hash(figures, b->out.bytes, b->out.size);
    sp_bench_figures_hash(figures, &b->sum, sizeof b->sum);
}

static bool bodies_open(bodies *b, bool tiny)
{
    b->rounds = tiny ? 1 : 100;
    sp_out_init(&b->out);
    sp_field_errors_clear(&b->errors);
    b->sample = sp_bench_sample_create();
    b->reader = sp_json_reader_create();
    b->writer = sp_json_writer_create();
    return b->sample != NULL && b->reader != NULL && b->writer != NULL;
}

static void bodies_close(bodies *b)
{
    sp_json_writer_destroy(b->writer);
    sp_json_reader_destroy(b->reader);
    sp_bench_sample_destroy(b->sample);
    sp_out_close(&b->out);
}

int sp_bench_json(int argc, char **argv)
{
    const char *tiny[1], *json[1];
    sp_option options[] = {
        {"tiny", NULL, "a run for tests: small numbers", tiny, 1, 0},
        {"json", NULL, "print a JSON object a line", json, 1, 0},
    };
    int parsed = sp_options_parse("stagepick bench json [OPTION]...\n"
                                  "Reads and writes the bodies of orders.",
                                  options, 2, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    static bodies b; /* large */
    sp_bench_figures figures;
    int code = SP_EXIT_FAILED;
    memset(&b, 0, sizeof b);
    if (!bodies_open(&b, options[0].count > 0)) {
        fputs("stagepick bench: out of memory\n", stderr);
    } else if (sp_bench_figures_begin(&figures, "json", "bodies of orders, read and written",
                                      options[1].count > 0, options[0].count > 0)) {
        bench_order(&figures, &b, 1);
        bench_order(&figures, &b, 4);
        sp_bench_figures_end(&figures, true);
        code = SP_EXIT_OK;
    }
    bodies_close(&b);
    return code;
}
