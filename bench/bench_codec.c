/* SPDX-License-Identifier: MIT
 *
 * `stagepick bench codec`: an event into bytes and back, without the log.
 * Orders are nearly all that a log has, so they are the headline; a concert is
 * the largest event that is common. A thousand different events of each kind
 * are taken in turn, so that no branch is learned by heart.
 */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "bench/figures.h"
#include "engine/assert.h"
#include "storage/codec.h"
#include "tools/options.h"

#define EVENTS_COUNT 1024u
#define RUNS (figures->tiny ? 3u : 15u)
#define ROWS_COUNT 50u
#define TIME INT64_C(1767225600000)

typedef struct codec {
    sp_event events[EVENTS_COUNT];
    sp_seat seats[EVENTS_COUNT][4];
    uint32_t rounds; /* over all events in one run */
    uint8_t *bytes;  /* the encoded events, one behind the other */
    size_t offsets[EVENTS_COUNT + 1];
    sp_decoder *decoder;
    uint64_t sum; /* of what was decoded: no one may leave the work out */
} codec;

static void encode_all(void *context)
{
    codec *c = context;
    for (uint32_t round = 0; round < c->rounds; round++) {
        size_t at = 0;
        for (uint32_t i = 0; i < EVENTS_COUNT; i++) {
            c->offsets[i] = at;
            at += sp_codec_encode(&c->events[i], c->bytes + at);
        }
        c->offsets[EVENTS_COUNT] = at;
    }
}

static void decode_all(void *context)
{
    codec *c = context;
    for (uint32_t round = 0; round < c->rounds; round++)
        for (uint32_t i = 0; i < EVENTS_COUNT; i++) {
            sp_event event;
            const char *wrong =
                sp_codec_decode(c->decoder, c->events[i].seq, c->bytes + c->offsets[i],
                                c->offsets[i + 1] - c->offsets[i], &event);
            SP_ASSERT(wrong == NULL);
            c->sum += event.seq + (uint64_t)event.time;
        }
}

/* Ids as a log of some millions has them. */
static void make_orders(codec *c, uint32_t seats_count, bool keyed)
{
    sp_bench_random random = {UINT64_C(0x2545f4914f6cdd1d)};
    for (uint32_t i = 0; i < EVENTS_COUNT; i++) {
        uint32_t first = sp_bench_random_below(&random, 49996);
        for (uint32_t s = 0; s < seats_count; s++)
            c->seats[i][s] = first + s;
        sp_event *event = &c->events[i];
        *event = (sp_event){.seq = 3000000 + i, .time = TIME + i, .type = SP_EVENT_ORDER_PAID};
        event->actor = event->order_paid.buyer = 1 + sp_bench_random_below(&random, 1000000);
        event->order_paid.order = 2000000 + i;
        event->order_paid.concert = 1 + sp_bench_random_below(&random, 1000);
        event->order_paid.amount = 150000 * (sp_points)seats_count;
        event->order_paid.seats = c->seats[i];
        event->order_paid.seats_count = seats_count;
        event->idempotency.present = keyed;
        for (uint32_t b = 0; b < 16 && keyed; b++) {
            event->idempotency.key.bytes[b] = (uint8_t)sp_bench_random_below(&random, 256);
            event->idempotency.request.bytes[b] = (uint8_t)sp_bench_random_below(&random, 256);
        }
    }
}

static void make_concerts(codec *c)
{
    static uint32_t row_sizes[ROWS_COUNT];
    static const sp_grade_spec grades[] = {{SP_TEXT("VIP"), 150000, row_sizes, ROWS_COUNT},
                                           {SP_TEXT("R"), 90000, row_sizes, ROWS_COUNT}};
    for (uint32_t i = 0; i < ROWS_COUNT; i++)
        row_sizes[i] = 100;
    for (uint32_t i = 0; i < EVENTS_COUNT; i++) {
        sp_event *event = &c->events[i];
        *event = (sp_event){.seq = 3000000 + i, .time = TIME + i, .type = SP_EVENT_CONCERT_CREATED};
        event->actor = event->concert_created.host = 1 + i;
        event->concert_created.concert = 1 + i;
        event->concert_created.spec = (sp_concert_spec){
            .category = 1 + i % 20,
            .name = SP_TEXT("Winter Festival"),
            .description = SP_TEXT("Two stages, twelve bands."),
            .image_url = SP_TEXT("https://images.example/winter.jpg"),
            .address = SP_TEXT("Old Harbour Hall"),
            .running_time_min = 180,
            .age_limit = SP_AGE_ZERO,
            .start_date = TIME,
            .end_date = TIME + 1,
            .concert_date = TIME + 2,
            .cancel_until = TIME,
            .max_seats_per_user = 10,
            .hold_seconds = 300,
            .grades = grades,
            .grades_count = 2,
        };
    }
}

static void bench_kind(sp_bench_figures *figures, codec *c, const char *kind)
{
    char label[64];
    sp_bench_pace encode = sp_bench_pace_of(encode_all, c, c->rounds * EVENTS_COUNT, RUNS);
    sp_bench_pace decode = sp_bench_pace_of(decode_all, c, c->rounds * EVENTS_COUNT, RUNS);
    uint32_t bytes = (uint32_t)(c->offsets[EVENTS_COUNT] / EVENTS_COUNT);
    snprintf(label, sizeof label, "encode %s", kind);
    sp_bench_figures_pace(figures, label, encode, bytes);
    snprintf(label, sizeof label, "decode %s", kind);
    sp_bench_figures_pace(figures, label, decode, bytes);
    sp_bench_figures_hash(figures, c->bytes, c->offsets[EVENTS_COUNT]);
}

static void bench_all(sp_bench_figures *figures, codec *c)
{
    c->rounds = figures->tiny ? 1 : 200;
    make_orders(c, 1, false);
    bench_kind(figures, c, "order_paid, 1 seat");
    make_orders(c, 4, false);
    bench_kind(figures, c, "order_paid, 4 seats");
    make_orders(c, 1, true);
    bench_kind(figures, c, "order_paid, 1 seat, keyed");
    c->rounds = figures->tiny ? 1 : 20;
    make_concerts(c);
    bench_kind(figures, c, "concert_created, 100 rows");
}

int sp_bench_codec(int argc, char **argv)
{
    const char *tiny[1], *json[1];
    sp_option options[] = {
        {"tiny", NULL, "a run for tests: small numbers", tiny, 1, 0},
        {"json", NULL, "print a JSON object a line", json, 1, 0},
    };
    int parsed = sp_options_parse("stagepick bench codec [OPTION]...\n"
                                  "Encodes and decodes events.",
                                  options, 2, argc, argv, NULL);
    if (parsed != SP_EXIT_OK)
        return parsed < 0 ? SP_EXIT_OK : parsed;

    sp_bench_figures figures;
    codec *c = calloc(1, sizeof *c);
    if (c != NULL) {
        /* The last event may need all of SP_EVENT_SIZE_MAX. */
        c->bytes = malloc(EVENTS_COUNT * 1024u + SP_EVENT_SIZE_MAX);
        c->decoder = sp_decoder_create();
    }
    int code = SP_EXIT_FAILED;
    if (c == NULL || c->bytes == NULL || c->decoder == NULL) {
        fputs("stagepick bench: out of memory\n", stderr);
    } else if (sp_bench_figures_begin(&figures, "codec", "events into bytes and back, no log",
                                      options[1].count > 0, options[0].count > 0)) {
        bench_all(&figures, c);
        sp_bench_figures_end(&figures, true);
        code = SP_EXIT_OK;
    }
    if (c != NULL) {
        sp_decoder_destroy(c->decoder);
        free(c->bytes);
    }
    free(c);
    return code;
}
