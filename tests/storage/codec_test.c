/* SPDX-License-Identifier: MIT
 *
 * The event codec: the kept bytes, every type at its edges, and bytes that
 * nobody wrote. SP_GOLDEN_WRITE=1 writes the kept bytes anew: for a reviewed
 * change of the format only.
 */
#include "storage/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/limits.h"
#include "tests/support/golden_events.h"
#include "tests/support/random.h"

static unsigned char buffer[SP_EVENT_SIZE_MAX], again[SP_EVENT_SIZE_MAX];
static sp_decoder *decoder;

static int set_up(void **state)
{
    (void)state;
    decoder = sp_decoder_create();
    return decoder == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    sp_decoder_destroy(decoder);
    return 0;
}

/* Exactly sized on the heap, so that a sanitizer sees one byte too far. */
static const char *decode_exact(const unsigned char *bytes, size_t size, sp_event *out,
                                unsigned char **kept)
{
    *kept = malloc(size > 0 ? size : 1);
    memcpy(*kept, bytes, size);
    return sp_codec_decode(decoder, 1, *kept, size, out);
}

static void golden_bytes_are_kept(void **state)
{
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    (void)state;
    assert_true(count >= 8);
    for (uint32_t i = 0; i < count; i++) {
        size_t size = sp_codec_encode(&all[i].event, buffer), kept_size;
        if (getenv("SP_GOLDEN_WRITE") != NULL)
            sp_golden_write(all[i].name, buffer, size);
        unsigned char *kept = sp_golden_read(all[i].name, &kept_size);
        assert_non_null(kept);
        assert_int_equal(size, kept_size);
        assert_memory_equal(buffer, kept, size);
        free(kept);
    }
}

static void golden_bytes_decode_to_their_events(void **state)
{
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    (void)state;
    for (uint32_t i = 0; i < count; i++) {
        size_t size;
        unsigned char *kept = sp_golden_read(all[i].name, &size), *exact;
        sp_event event;
        assert_non_null(kept);
        assert_null(decode_exact(kept, size, &event, &exact));
        assert_int_equal(event.seq, 1);
        assert_int_equal(event.type, all[i].event.type);
        assert_int_equal(event.time, all[i].event.time);
        assert_int_equal(event.actor, all[i].event.actor);
        assert_int_equal(event.idempotency.present, all[i].event.idempotency.present);
        assert_int_equal(sp_codec_encode(&event, again), size);
        assert_memory_equal(again, kept, size);
        free(exact);
        free(kept);
    }
}

static void every_type_has_golden_bytes(void **state)
{
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    (void)state;
#define SEEN(number, id, name)                                 \
    {                                                          \
        bool seen = false;                                     \
        for (uint32_t i = 0; i < count; i++)                   \
            seen = seen || all[i].event.type == SP_EVENT_##id; \
        assert_true(seen);                                     \
    }
    SP_EVENTS(SEEN)
#undef SEEN
}

static void fields_survive(void **state)
{
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    (void)state;
    for (uint32_t i = 0; i < count; i++) {
        sp_event event;
        size_t size = sp_codec_encode(&all[i].event, buffer);
        assert_null(sp_codec_decode(decoder, 9, buffer, size, &event));
        if (event.type == SP_EVENT_ORDER_PAID) {
            assert_int_equal(event.order_paid.seats_count, all[i].event.order_paid.seats_count);
            assert_memory_equal(event.order_paid.seats, all[i].event.order_paid.seats,
                                event.order_paid.seats_count * sizeof(sp_seat));
            assert_int_equal(event.order_paid.amount, all[i].event.order_paid.amount);
            assert_memory_equal(&event.idempotency, &all[i].event.idempotency,
                                event.idempotency.present ? sizeof event.idempotency : 1);
        }
        if (event.type == SP_EVENT_CONCERT_CREATED) {
            const sp_concert_spec *got = &event.concert_created.spec;
            const sp_concert_spec *want = &all[i].event.concert_created.spec;
            assert_true(sp_text_equal(got->name, want->name));
            assert_int_equal(got->address.bytes == NULL, want->address.bytes == NULL);
            assert_int_equal(got->no_orphans, want->no_orphans);
            assert_int_equal(got->grades_count, want->grades_count);
            for (uint32_t g = 0; g < got->grades_count; g++) {
                assert_int_equal(got->grades[g].rows_count, want->grades[g].rows_count);
                assert_memory_equal(got->grades[g].row_sizes, want->grades[g].row_sizes,
                                    got->grades[g].rows_count * sizeof(uint32_t));
            }
        }
        if (event.type == SP_EVENT_ORDER_CANCELLED)
            assert_int_equal(event.order_cancelled.reason.bytes == NULL,
                             all[i].event.order_cancelled.reason.bytes == NULL);
    }
}

/* A concert as large as the limits allow fits and comes back. */
/* Orders of any size, as long as there is room: none writes over another's
 * seats; then one that begins anew. A concert leaves no room. */
static void events_stay_good_beside_each_other(void **state)
{
    enum { COUNT = 200 };
    static sp_event events[COUNT];
    sp_random random;
    uint32_t rounds = 0, count = 0;
    (void)state;
    sp_random_seed(&random, 7);
    for (uint32_t made = 0; made < 5000; made++) {
        sp_seat seats[SP_SEATS_PER_ORDER_MAX];
        sp_event event = {.seq = made, .time = 1, .type = SP_EVENT_ORDER_PAID, .actor = 1};
        event.order_paid.order = event.order_paid.concert = event.order_paid.buyer = 1;
        event.order_paid.seats = seats;
        event.order_paid.seats_count = (uint32_t)sp_random_edge(&random, 1, SP_SEATS_PER_ORDER_MAX);
        for (uint32_t i = 0; i < event.order_paid.seats_count; i++)
            seats[i] = made % 1000 * 100 + i; /* tells whose it is */
        size_t size = sp_codec_encode(&event, buffer);
        if (count == 0 || count == COUNT || !sp_decoder_has_room(decoder)) {
            assert_null(sp_codec_decode(decoder, made, buffer, size, &events[0]));
            count = 1;
            rounds++;
        } else {
            assert_null(sp_codec_decode_more(decoder, made, buffer, size, &events[count++]));
        }
        for (uint32_t e = 0; e < count; e++)
            for (uint32_t i = 0; i < events[e].order_paid.seats_count; i++)
                if (events[e].order_paid.seats[i] != events[e].seq % 1000 * 100 + i)
                    fail_msg("order %u of %u, seat %u", e, count, i);
    }
    assert_in_range(rounds, 1, 2500); /* there was room for some */

    const sp_golden *all = sp_golden_events(&count);
    for (uint32_t i = 0; i < count; i++) {
        assert_null(sp_codec_decode(decoder, 1, buffer, sp_codec_encode(&all[i].event, buffer),
                                    &events[0]));
        assert_int_equal(sp_decoder_has_room(decoder), events[0].type != SP_EVENT_CONCERT_CREATED);
    }
}

static void the_largest_event_fits(void **state)
{
    static char text[SP_DESCRIPTION_SIZE_MAX];
    static uint32_t rows[SP_ROWS_PER_CONCERT_MAX];
    sp_grade_spec grades[SP_GRADES_PER_CONCERT_MAX];
    uint32_t first = 0;
    (void)state;
    memset(text, 't', sizeof text);
    for (uint32_t r = 0; r < SP_ROWS_PER_CONCERT_MAX; r++)
        rows[r] = SP_SEATS_PER_CONCERT_MAX; /* more seats than admit takes: widest */
    for (uint32_t g = 0; g < SP_GRADES_PER_CONCERT_MAX; g++) {
        uint32_t count = g == 0 ? SP_ROWS_PER_CONCERT_MAX - SP_GRADES_PER_CONCERT_MAX + 1 : 1;
        grades[g] =
            (sp_grade_spec){{text, SP_GRADE_NAME_SIZE_MAX}, SP_PRICE_MAX, rows + first, count};
        first += count;
    }
    uint32_t golden_count;
    sp_event event = sp_golden_events(&golden_count)[8].event;
    assert_int_equal(event.type, SP_EVENT_CONCERT_CREATED);
    event.concert_created.spec.address = (sp_text){text, SP_ADDRESS_SIZE_MAX};
    event.concert_created.spec.grades = grades;
    event.concert_created.spec.grades_count = SP_GRADES_PER_CONCERT_MAX;
    size_t size = sp_codec_encode(&event, buffer);
    sp_event back;
    assert_null(sp_codec_decode(decoder, 1, buffer, size, &back));
    assert_int_equal(sp_codec_encode(&back, again), size);
    assert_memory_equal(buffer, again, size);
}

static void cut_short_is_refused(void **state)
{
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    (void)state;
    for (uint32_t i = 0; i < count; i++) {
        size_t size = sp_codec_encode(&all[i].event, buffer);
        for (size_t cut = 0; cut < size; cut++) {
            sp_event event;
            unsigned char *exact;
            assert_non_null(decode_exact(buffer, cut, &event, &exact));
            free(exact);
        }
        sp_event event;
        buffer[size] = 0xc0;
        assert_non_null(sp_codec_decode(decoder, 1, buffer, size + 1, &event));
    }
}

/* Any byte changed to any value: refused, or another event in canonical form. */
static void changed_bytes_are_refused_or_canonical(void **state)
{
    uint32_t count, taken = 0, refused = 0;
    const sp_golden *all = sp_golden_events(&count);
    (void)state;
    for (uint32_t i = 0; i < count; i++) {
        size_t size = sp_codec_encode(&all[i].event, buffer);
        for (size_t at = 0; at < size && at < 300; at++) {
            unsigned char was = buffer[at];
            for (unsigned value = 0; value < 256; value += at < 60 ? 1 : 17) {
                sp_event event;
                buffer[at] = (unsigned char)value;
                if (sp_codec_decode(decoder, 1, buffer, size, &event) != NULL) {
                    refused++;
                    continue;
                }
                taken++;
                assert_int_equal(sp_codec_encode(&event, again), size);
                assert_memory_equal(again, buffer, size);
            }
            buffer[at] = was;
        }
    }
    assert_true(taken > 1000 && refused > 1000);
}

/* order_cancelled 1 of 5 points, by hand; `with` replaces one byte run. */
static const char *refusal_of(const char *bytes, size_t size)
{
    sp_event event;
    return sp_codec_decode(decoder, 1, bytes, size, &event);
}
#define REFUSED(bytes) assert_non_null(refusal_of(bytes, sizeof(bytes) - 1))
#define TAKEN(bytes) assert_null(refusal_of(bytes, sizeof(bytes) - 1))

static void other_forms_are_refused(void **state)
{
    (void)state;
    TAKEN("\x98\x01\x08\x01\x07\xc0\x01\x05\xc0");
    REFUSED("\x98\xcc\x01\x08\x01\x07\xc0\x01\x05\xc0");     /* 1 in two bytes */
    REFUSED("\x98\x01\xcd\x00\x08\x01\x07\xc0\x01\x05\xc0"); /* 8 in three */
    REFUSED("\x98\x01\x08\xce\x00\x00\x00\x01\x07\xc0\x01\x05\xc0");
    REFUSED("\x98\x01\x08\x01\x07\xc0\x01\xd0\x05\xc0");     /* signed 5 */
    REFUSED("\x98\x01\x08\x01\x07\xc0\x01\xff\xc0");         /* -1 */
    REFUSED("\x98\x01\x08\x00\x07\xc0\x01\x05\xc0");         /* time 0 */
    REFUSED("\x98\x01\x08\x01\x07\xc0\x00\x05\xc0");         /* order 0 */
    REFUSED("\x98\x02\x08\x01\x07\xc0\x01\x05\xc0");         /* version 2 */
    REFUSED("\x98\x01\x00\x01\x07\xc0\x01\x05\xc0");         /* type 0 */
    REFUSED("\x98\x01\x09\x01\x07\xc0\x01\x05\xc0");         /* type 9 */
    REFUSED("\x98\x01\x08\x01\x07\xc2\x01\x05\xc0");         /* bool for nil */
    REFUSED("\xdc\x00\x08\x01\x08\x01\x07\xc0\x01\x05\xc0"); /* array 16 of 8 */
    REFUSED("\x97\x01\x08\x01\x07\xc0\x01\x05");             /* a field less */
    REFUSED("\x99\x01\x08\x01\x07\xc0\x01\x05\xc0\xc0");     /* a field more */
    REFUSED("\x98\x01\x08\x01\x07\xc0\x01\x05\xd9\x01x");    /* str 8 of 1 */
    TAKEN("\x98\x01\x08\x01\x07\xc0\x01\x05\xa1x");
    TAKEN("\x98\x01\x08\x01\x07\xc0\x01\x05\xa0");                   /* empty */
    REFUSED("\x98\x01\x08\x01\x07\xc0\x01\x05\xc4\x01x");            /* bin for str */
    REFUSED("\x98\x01\x08\x01\x07\xc4\x01x\x01\x05\xc0");            /* short hashes */
    REFUSED("\x98\x01\x08\xca\x3f\x80\x00\x00\x07\xc0\x01\x05\xc0"); /* float */
    REFUSED("\x98\x01\x08\x01\x07\xc0\x01\x05\xd4\x01x");            /* extension */
    REFUSED("\x88\x01\x08\x01\x07\xc0\x01\x05\xc0");                 /* a map */
    REFUSED("\xc1");
    REFUSED("\xc0");
    REFUSED("\x90");
    REFUSED("");
}

/* Lengths far beyond the bytes, nesting far beyond any record: refused at
 * once, with nothing allocated for them. */
static void absurd_sizes_are_refused(void **state)
{
    static char deep[SP_EVENT_SIZE_MAX];
    (void)state;
    REFUSED("\xdd\xff\xff\xff\xff");
    REFUSED("\xdf\xff\xff\xff\xff");
    REFUSED("\x9a\x01\x07\x01\x07\xc0\x01\x01\x01\x01\xdd\xff\xff\xff\xff\x01");
    REFUSED("\x98\x01\x08\x01\x07\xc0\x01\x05\xdb\xff\xff\xff\xffx");
    REFUSED("\x98\x01\x08\x01\x07\xc6\xff\xff\xff\xff\x01\x05\xc0");
    REFUSED("\xc9\xff\xff\xff\xff\x01");
    memset(deep, '\x91', sizeof deep);
    assert_non_null(refusal_of(deep, sizeof deep));
    memset(deep, '\xdd', sizeof deep);
    assert_non_null(refusal_of(deep, sizeof deep));
    memset(deep, '\x90', sizeof deep);
    assert_non_null(refusal_of(deep, sizeof deep));
}

/* Events with random damage that keeps their shape: what encodes and decodes
 * comes back the same. (Shape limits refuse some.) */
static void damaged_events_round_trip(void **state)
{
    uint32_t count, came_back = 0;
    const sp_golden *all = sp_golden_events(&count);
    sp_random random;
    (void)state;
    sp_random_seed(&random, 20260101);
    for (uint32_t i = 0; i < 20000; i++) {
        const sp_event *from = &all[sp_random_below(&random, count)].event;
        size_t size = sp_codec_encode(from, buffer);
        uint32_t flips = 1 + (uint32_t)sp_random_below(&random, 4);
        while (flips-- > 0)
            buffer[sp_random_below(&random, size)] ^=
                (unsigned char)(1u << sp_random_below(&random, 8));
        sp_event event;
        if (sp_codec_decode(decoder, 1, buffer, size, &event) != NULL)
            continue;
        came_back++;
        assert_int_equal(sp_codec_encode(&event, again), size);
        assert_memory_equal(again, buffer, size);
    }
    assert_true(came_back > 100);
}

/* What the design counts on: an order of one seat is small. */
static void orders_are_small(void **state)
{
    uint32_t count;
    const sp_golden *all = sp_golden_events(&count);
    (void)state;
    for (uint32_t i = 0; i < count; i++) {
        size_t size = sp_codec_encode(&all[i].event, buffer);
        if (strcmp(all[i].name, "order_paid_one") == 0)
            assert_in_range(size, 1, 45);
        if (strcmp(all[i].name, "order_paid_one_keyed") == 0)
            assert_in_range(size, 1, 45 + 34);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_bytes_are_kept),
        cmocka_unit_test(golden_bytes_decode_to_their_events),
        cmocka_unit_test(every_type_has_golden_bytes),
        cmocka_unit_test(fields_survive),
        cmocka_unit_test(events_stay_good_beside_each_other),
        cmocka_unit_test(the_largest_event_fits),
        cmocka_unit_test(cut_short_is_refused),
        cmocka_unit_test(changed_bytes_are_refused_or_canonical),
        cmocka_unit_test(other_forms_are_refused),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(damaged_events_round_trip),
        cmocka_unit_test(orders_are_small),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
