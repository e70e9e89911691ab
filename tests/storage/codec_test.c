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

static void order_extra_survives(const sp_event *got, const sp_event *want)
{
    assert_int_equal(got->order_paid.hold, want->order_paid.hold);
    assert_int_equal(got->order_paid.job.present, want->order_paid.job.present);
    if (want->order_paid.job.present)
        assert_memory_equal(&got->order_paid.job.id, &want->order_paid.job.id, sizeof(sp_hash128));
}

static void hold_fields_survive(const sp_event *got, const sp_event *want)
{
    switch (want->type) {
    case SP_EVENT_HOLD_TAKEN:
        assert_int_equal(got->hold_taken.hold, want->hold_taken.hold);
        assert_int_equal(got->hold_taken.concert, want->hold_taken.concert);
        assert_int_equal(got->hold_taken.user, want->hold_taken.user);
        assert_int_equal(got->hold_taken.amount, want->hold_taken.amount);
        assert_int_equal(got->hold_taken.expires_at, want->hold_taken.expires_at);
        assert_int_equal(got->hold_taken.seats_count, want->hold_taken.seats_count);
        assert_memory_equal(got->hold_taken.seats, want->hold_taken.seats,
                            want->hold_taken.seats_count * sizeof(sp_seat));
        return;
    case SP_EVENT_HOLD_EXTENDED:
        assert_int_equal(got->hold_extended.hold, want->hold_extended.hold);
        assert_int_equal(got->hold_extended.taken, want->hold_extended.taken);
        assert_int_equal(got->hold_extended.expires_at, want->hold_extended.expires_at);
        return;
    case SP_EVENT_HOLD_RELEASED:
        assert_int_equal(got->hold_released.hold, want->hold_released.hold);
        return;
    case SP_EVENT_HOLDS_EXPIRED:
        assert_int_equal(got->holds_expired.holds_count, want->holds_expired.holds_count);
        assert_memory_equal(got->holds_expired.holds, want->holds_expired.holds,
                            want->holds_expired.holds_count * sizeof(sp_hold_id));
        return;
    default:
        fail_msg("type %d", want->type);
    }
}

static void spec_survives(const sp_concert_spec *got, const sp_concert_spec *want)
{
    assert_true(sp_text_equal(got->name, want->name));
    assert_int_equal(got->address.bytes == NULL, want->address.bytes == NULL);
    assert_int_equal(got->cancel_until, want->cancel_until);
    assert_int_equal(got->no_orphans, want->no_orphans);
    assert_int_equal(got->grades_count, want->grades_count);
    for (uint32_t g = 0; g < got->grades_count; g++) {
        assert_int_equal(got->grades[g].rows_count, want->grades[g].rows_count);
        assert_memory_equal(got->grades[g].row_sizes, want->grades[g].row_sizes,
                            got->grades[g].rows_count * sizeof(uint32_t));
    }
}

static void concert_fields_survive(const sp_event *got, const sp_event *want)
{
    switch (want->type) {
    case SP_EVENT_CONCERT_CREATED:
        assert_int_equal(got->concert_created.concert, want->concert_created.concert);
        spec_survives(&got->concert_created.spec, &want->concert_created.spec);
        return;
    case SP_EVENT_CONCERT_EDITED:
        assert_int_equal(got->concert_edited.concert, want->concert_edited.concert);
        spec_survives(&got->concert_edited.spec, &want->concert_edited.spec);
        return;
    case SP_EVENT_CONCERT_PAUSED:
        assert_int_equal(got->concert_paused.concert, want->concert_paused.concert);
        return;
    case SP_EVENT_CONCERT_RESUMED:
        assert_int_equal(got->concert_resumed.concert, want->concert_resumed.concert);
        return;
    case SP_EVENT_CONCERT_CANCELLED:
        assert_int_equal(got->concert_cancelled.concert, want->concert_cancelled.concert);
        assert_int_equal(got->concert_cancelled.orders_count, want->concert_cancelled.orders_count);
        assert_int_equal(got->concert_cancelled.amount, want->concert_cancelled.amount);
        assert_int_equal(got->concert_cancelled.seats_held_count,
                         want->concert_cancelled.seats_held_count);
        return;
    default:
        return;
    }
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
        if (event.type == SP_EVENT_ORDER_PAID)
            order_extra_survives(&event, &all[i].event);
        if (event.type >= SP_EVENT_HOLD_TAKEN && event.type <= SP_EVENT_HOLDS_EXPIRED)
            hold_fields_survive(&event, &all[i].event);
        concert_fields_survive(&event, &all[i].event);
        if (event.type == SP_EVENT_ORDER_CANCELLED)
            assert_int_equal(event.order_cancelled.reason.bytes == NULL,
                             all[i].event.order_cancelled.reason.bytes == NULL);
    }
}

/* An order, a hold or an expiry of any size that fits in `items`, each of which
 * tells whose it is. */
static sp_event event_of_items(sp_random *random, uint32_t made, uint32_t *items)
{
    static const sp_event_type types[] = {SP_EVENT_ORDER_PAID, SP_EVENT_ORDER_PAID,
                                          SP_EVENT_HOLD_TAKEN, SP_EVENT_HOLDS_EXPIRED};
    sp_event event = {.seq = made, .time = 1, .type = types[sp_random_below(random, 4)]};
    uint32_t count = (uint32_t)sp_random_edge(
        random, 1,
        event.type == SP_EVENT_HOLDS_EXPIRED ? SP_HOLDS_PER_EXPIRY_MAX : SP_SEATS_PER_ORDER_MAX);
    for (uint32_t i = 0; i < count; i++)
        items[i] = 1 + made % 100 * SP_HOLDS_PER_EXPIRY_MAX + i;
    if (event.type == SP_EVENT_HOLDS_EXPIRED) {
        event.holds_expired.holds = items;
        event.holds_expired.holds_count = count;
    } else if (event.type == SP_EVENT_HOLD_TAKEN) {
        event.hold_taken.hold = event.hold_taken.concert = event.hold_taken.user = 1;
        event.hold_taken.expires_at = 1;
        event.hold_taken.seats = items;
        event.hold_taken.seats_count = count;
    } else {
        event.order_paid.order = event.order_paid.concert = event.order_paid.buyer = 1;
        event.order_paid.seats = items;
        event.order_paid.seats_count = count;
    }
    return event;
}

static const uint32_t *items_of(const sp_event *event, uint32_t *count)
{
    if (event->type == SP_EVENT_HOLDS_EXPIRED) {
        *count = event->holds_expired.holds_count;
        return event->holds_expired.holds;
    }
    bool taken = event->type == SP_EVENT_HOLD_TAKEN;
    *count = taken ? event->hold_taken.seats_count : event->order_paid.seats_count;
    return taken ? event->hold_taken.seats : event->order_paid.seats;
}

/* Events of any size, as long as there is room: none writes over another's
 * seats or ids; then one that begins anew. A concert leaves no room. */
static void events_stay_good_beside_each_other(void **state)
{
    enum { COUNT = 200 };
    static sp_event events[COUNT];
    sp_random random;
    uint32_t rounds = 0, count = 0;
    (void)state;
    sp_random_seed(&random, 7);
    for (uint32_t made = 0; made < 5000; made++) {
        uint32_t items[SP_HOLDS_PER_EXPIRY_MAX];
        sp_event event = event_of_items(&random, made, items);
        size_t size = sp_codec_encode(&event, buffer);
        if (count == 0 || count == COUNT || !sp_decoder_has_room(decoder)) {
            assert_null(sp_codec_decode(decoder, made, buffer, size, &events[0]));
            count = 1;
            rounds++;
        } else {
            assert_null(sp_codec_decode_more(decoder, made, buffer, size, &events[count++]));
        }
        for (uint32_t e = 0; e < count; e++) {
            uint32_t items_count;
            const uint32_t *got = items_of(&events[e], &items_count);
            for (uint32_t i = 0; i < items_count; i++)
                if (got[i] != 1 + events[e].seq % 100 * SP_HOLDS_PER_EXPIRY_MAX + i)
                    fail_msg("event %u of %u, item %u", e, count, i);
        }
    }
    assert_in_range(rounds, 1, 2500); /* there was room for some */

    const sp_golden *all = sp_golden_events(&count);
    for (uint32_t i = 0; i < count; i++) {
        assert_null(sp_codec_decode(decoder, 1, buffer, sp_codec_encode(&all[i].event, buffer),
                                    &events[0]));
        bool concert =
            events[0].type == SP_EVENT_CONCERT_CREATED || events[0].type == SP_EVENT_CONCERT_EDITED;
        assert_int_equal(sp_decoder_has_room(decoder), !concert);
    }
}

/* A concert as large as the limits allow fits and comes back. */
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

    sp_concert_spec spec = event.concert_created.spec;
    event.type = SP_EVENT_CONCERT_EDITED;
    event.concert_edited.concert = UINT32_MAX;
    event.concert_edited.spec = spec;
    size = sp_codec_encode(&event, buffer);
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
    REFUSED("\x98\x01\x12\x01\x07\xc0\x01\x05\xc0");         /* type 18 */
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

#define JOB "\xc4\x10\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10"
#define ORDER "\x01\x07\x01\x07\xc0\x01\x01\x07\x00\x91\x05"

/* An order's hold and job are there if it has one of them, and else are not. */
static void orders_have_a_hold_or_a_job_or_neither(void **state)
{
    (void)state;
    TAKEN("\x9a" ORDER);
    TAKEN("\x9c" ORDER "\x01\xc0");
    TAKEN("\x9c" ORDER "\x00" JOB);
    TAKEN("\x9c" ORDER "\x01" JOB);
    assert_string_equal(refusal_of("\x9c" ORDER "\x00\xc0", 14),
                        "it has neither the hold nor the job that it has fields for");
    REFUSED("\x9b" ORDER "\x01");                                     /* one of the two fields */
    REFUSED("\x9a" ORDER "\x01\xc0");                                 /* more than it says */
    REFUSED("\x9c" ORDER);                                            /* fewer */
    REFUSED("\x9d" ORDER "\x01\xc0\xc0");                             /* three */
    REFUSED("\x9c" ORDER "\xc0\xc0");                                 /* no hold as nil */
    REFUSED("\x9c" ORDER "\xcc\x01\xc0");                             /* 1 in two bytes */
    REFUSED("\x9c" ORDER "\xcf\x00\x00\x00\x01\x00\x00\x00\x00\xc0"); /* 2^32 */
    REFUSED("\x9c" ORDER
            "\x01\xc4\x0f\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f");
    REFUSED("\x9c" ORDER "\x01\xc4\x00"); /* an empty job */
    REFUSED("\x9c" ORDER "\x01\xa1x");    /* str for bin */
    /* Two fields more for another type. */
    REFUSED("\x9a\x01\x08\x01\x07\xc0\x01\x05\xc0\x01\xc0");
}

static void hostile_holds_are_refused(void **state)
{
    (void)state;
    TAKEN("\x9b\x01\x0a\x01\x07\xc0\x01\x01\x07\x00\x02\x91\x05");
    REFUSED("\x9b\x01\x0a\x01\x07\xc0\x00\x01\x07\x00\x02\x91\x05"); /* hold 0 */
    REFUSED("\x9b\x01\x0a\x01\x07\xc0\x01\x00\x07\x00\x02\x91\x05"); /* concert 0 */
    REFUSED("\x9b\x01\x0a\x01\x07\xc0\x01\x01\x00\x00\x02\x91\x05"); /* user 0 */
    REFUSED("\x9b\x01\x0a\x01\x07\xc0\x01\x01\x07\xff\x02\x91\x05"); /* -1 points */
    REFUSED("\x9b\x01\x0a\x01\x07\xc0\x01\x01\x07\x00\x00\x91\x05"); /* ends at 0 */
    REFUSED("\x9b\x01\x0a\x01\x07\xc0\x01\x01\x07\x00\x02\x90");     /* no seats */
    REFUSED("\x9b\x01\x0a\x01\x07\xc0\x01\x01\x07\x00\x02\x91\xce\x00\x03\x0d\x40");
    REFUSED("\x9b\x01\x0a\x01\x07\xc0\x01\x01\x07\x00\x02\xdc\x00\x65\x05"); /* 101 */
    TAKEN("\x98\x01\x0b\x01\x07\xc0\x01\x01\x02");
    REFUSED("\x98\x01\x0b\x01\x07\xc0\x00\x01\x02"); /* hold 0 */
    REFUSED("\x98\x01\x0b\x01\x07\xc0\x01\x00\x02"); /* taken at 0 */
    REFUSED("\x98\x01\x0b\x01\x07\xc0\x01\xcf\x80\x00\x00\x00\x00\x00\x00\x00\x02"); /* 2^63 */
    REFUSED("\x98\x01\x0b\x01\x07\xc0\x01\x01\x00");                                 /* ends at 0 */
    REFUSED("\x98\x01\x0b\x01\x07\xc0\x01\x01\xcf\x00\x00\xe6\x77\xd2\x1f\xdc\x00"); /* 10000 */
    TAKEN("\x96\x01\x0c\x01\x07\xc0\x01");
    REFUSED("\x96\x01\x0c\x01\x07\xc0\x00");
    TAKEN("\x96\x01\x0d\x01\x00\xc0\x91\x01");
    REFUSED("\x96\x01\x0d\x01\x00\xc0\x01");                     /* no list */
    REFUSED("\x96\x01\x0d\x01\x00\xc0\x90");                     /* an empty one */
    REFUSED("\x96\x01\x0d\x01\x00\xc0\x91\x00");                 /* hold 0 */
    REFUSED("\x96\x01\x0d\x01\x00\xc0\x92\x01");                 /* cut short */
    REFUSED("\x96\x01\x0d\x01\x00\xc0\xdd\xff\xff\xff\xff\x01"); /* 4 billion */
}

#define SPEC_HEAD "\x01\xa1x\xc0\xc0\xc0\x00\x01\x01\x02\x02\x01\x01\x0a\xc2"

static void hostile_changes_of_concerts_are_refused(void **state)
{
    (void)state;
    TAKEN("\xdc\x00\x15\x01\x0e\x01\x03\xc0\x01" SPEC_HEAD "\x90"); /* the grades stay */
    TAKEN("\xdc\x00\x15\x01\x0e\x01\x03\xc0\x01" SPEC_HEAD "\x91\x93\xa1R\x00\x91\x01");
    REFUSED("\xdc\x00\x16\x01\x06\x01\x03\xc0\x01\x03" SPEC_HEAD "\x90"); /* a new one has some */
    REFUSED("\xdc\x00\x15\x01\x0e\x01\x03\xc0\x00" SPEC_HEAD "\x90");     /* concert 0 */
    REFUSED("\xdc\x00\x15\x01\x0e\x01\x03\xc0\x01" SPEC_HEAD "\xc0");     /* nil for none */
    REFUSED("\xdc\x00\x15\x01\x0e\x01\x03\xc0\x01" SPEC_HEAD "\xdc\x00\x41\x93"); /* 65 */
    REFUSED("\xdc\x00\x14\x01\x0e\x01\x03\xc0\x01" SPEC_HEAD);                    /* no grades */
    TAKEN("\x96\x01\x0f\x01\x03\xc0\x01");
    REFUSED("\x96\x01\x0f\x01\x03\xc0\x00");
    REFUSED("\x97\x01\x0f\x01\x03\xc0\x01\x01");
    TAKEN("\x96\x01\x10\x01\x03\xc0\x01");
    REFUSED("\x96\x01\x10\x01\x03\xc0\x00");
    TAKEN("\x99\x01\x11\x01\x03\xc0\x01\x02\x05\x00");
    REFUSED("\x99\x01\x11\x01\x03\xc0\x00\x02\x05\x00");                 /* concert 0 */
    REFUSED("\x99\x01\x11\x01\x03\xc0\x01\x02\xff\x00");                 /* -1 points */
    REFUSED("\x99\x01\x11\x01\x03\xc0\x01\xff\x05\x00");                 /* -1 orders */
    REFUSED("\x99\x01\x11\x01\x03\xc0\x01\xce\x04\x00\x00\x00\x05\x00"); /* 2^26 orders */
    REFUSED("\x99\x01\x11\x01\x03\xc0\x01\x02\x05\xce\x00\x03\x0d\x41"); /* 200001 seats */
    REFUSED("\x98\x01\x11\x01\x03\xc0\x01\x02\x05");
}

/* 1,000 ids are taken, behind as many others as there may be; 1,001 are not. */
static void a_list_is_bounded(void **state)
{
    uint8_t *bytes = buffer;
    const uint8_t expiry[] = {0x96, 1, 13, 1, 0, 0xc0, 0xdc, 0x03, 0xe8};
    sp_event event;
    (void)state;
    memcpy(bytes, expiry, sizeof expiry);
    memset(bytes + sizeof expiry, 1, 2000);
    uint32_t taken = 0;
    assert_null(sp_codec_decode(decoder, 1, bytes, sizeof expiry + 1000, &event));
    for (; sp_decoder_has_room(decoder); taken++)
        assert_null(sp_codec_decode_more(decoder, 1, bytes, sizeof expiry + 1000, &event));
    assert_in_range(taken, 1, 10);
    bytes[8]++;
    assert_string_equal(sp_codec_decode(decoder, 1, bytes, sizeof expiry + 1001, &event),
                        "a list is too long or too short");
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
        cmocka_unit_test(orders_have_a_hold_or_a_job_or_neither),
        cmocka_unit_test(hostile_holds_are_refused),
        cmocka_unit_test(hostile_changes_of_concerts_are_refused),
        cmocka_unit_test(a_list_is_bounded),
        cmocka_unit_test(absurd_sizes_are_refused),
        cmocka_unit_test(damaged_events_round_trip),
        cmocka_unit_test(orders_are_small),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
