/* SPDX-License-Identifier: MIT
 *
 * Holds read back from the log: what was written comes back, by many at once and
 * beside the writer; what is no hold is told from what is damaged.
 */
#include "storage/events.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/limits.h"
#include "storage/codec.h"
#include "tests/support/hold_history.h"

#define EVENTS 1200u

static sp_log_file file;
static sp_events events;
static unsigned char buffer[SP_EVENT_SIZE_MAX];

static int set_up(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    sp_hold_history_fill(&file, 1, EVENTS, 7);
    sp_events_init(&events, file.env);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_log_file_remove(&file);
    return 0;
}

static int read_hold(sp_seq seq, sp_event *out, sp_seat *seats)
{
    return events.reader.hold_taken(&events.reader, seq, out, seats);
}

/* ---- what the log has, by a way of its own ---- */

static size_t get(sp_seq seq, void *out)
{
    MDB_txn *txn;
    MDB_val key = sp_env_key(&seq), value;
    assert_int_equal(mdb_txn_begin(file.env->mdb, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_get(txn, file.env->events, &key, &value), 0);
    size_t size = value.mv_size;
    memcpy(out, value.mv_data, size);
    mdb_txn_abort(txn);
    return size;
}

static void put(sp_seq seq, const void *bytes, size_t size)
{
    MDB_txn *txn;
    MDB_val key = sp_env_key(&seq), value = {size, (void *)(uintptr_t)bytes};
    assert_int_equal(mdb_txn_begin(file.env->mdb, NULL, 0, &txn), 0);
    assert_int_equal(mdb_put(txn, file.env->events, &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void put_event(const sp_event *event)
{
    static unsigned char bytes[SP_EVENT_SIZE_MAX];
    put(event->seq, bytes, sp_codec_encode(event, bytes));
}

/* The first of this type; it borrows from the decoder and from `buffer`. */
static sp_event first_of(sp_decoder *decoder, sp_event_type type)
{
    sp_event event;
    for (sp_seq seq = 1; seq <= EVENTS; seq++) {
        assert_null(sp_codec_decode(decoder, seq, buffer, get(seq, buffer), &event));
        if (event.type == type)
            return event;
    }
    fail_msg("there is no %s", sp_event_name(type));
    return event;
}

static void expect_same_hold(const sp_event *got, const sp_event *want)
{
    assert_int_equal(got->type, SP_EVENT_HOLD_TAKEN);
    assert_int_equal(got->seq, want->seq);
    assert_int_equal(got->time, want->time);
    assert_int_equal(got->actor, want->actor);
    assert_int_equal(got->hold_taken.hold, want->hold_taken.hold);
    assert_int_equal(got->hold_taken.concert, want->hold_taken.concert);
    assert_int_equal(got->hold_taken.user, want->hold_taken.user);
    assert_int_equal(got->hold_taken.amount, want->hold_taken.amount);
    assert_int_equal(got->hold_taken.expires_at, want->hold_taken.expires_at);
    assert_int_equal(got->hold_taken.seats_count, want->hold_taken.seats_count);
    assert_memory_equal(got->hold_taken.seats, want->hold_taken.seats,
                        want->hold_taken.seats_count * sizeof(sp_seat));
}

/* ---- the tests ---- */

static void every_hold_is_read_and_nothing_else(void **state)
{
    uint32_t taken_count = 0, extended_count = 0;
    sp_decoder *decoder = sp_decoder_create(), *other = sp_decoder_create();
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    (void)state;
    for (sp_seq seq = 1; seq <= EVENTS; seq++) {
        sp_event event, got;
        assert_null(sp_codec_decode(decoder, seq, buffer, get(seq, buffer), &event));
        int found = read_hold(seq, &got, seats);
        if (event.type == SP_EVENT_HOLD_TAKEN) {
            taken_count++;
            assert_int_equal(found, 1);
            assert_ptr_equal(got.hold_taken.seats, seats);
            expect_same_hold(&got, &event);
        } else if (event.type == SP_EVENT_HOLD_EXTENDED) {
            sp_event taken;
            extended_count++;
            assert_int_equal(found, 1);
            sp_seq named = event.hold_extended.taken;
            assert_null(sp_codec_decode(other, named, buffer, get(named, buffer), &taken));
            assert_int_equal(taken.hold_taken.hold, event.hold_extended.hold);
            expect_same_hold(&got, &taken);
        } else {
            assert_int_equal(found, 0);
        }
    }
    assert_true(taken_count > 100 && extended_count > 20);
    sp_decoder_destroy(other);
    sp_decoder_destroy(decoder);
}

static void the_key_of_the_request_comes_back(void **state)
{
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_decoder *decoder = sp_decoder_create();
    sp_event got, event = first_of(decoder, SP_EVENT_HOLD_TAKEN);
    (void)state;
    event.idempotency.present = true;
    memset(&event.idempotency.key, 5, sizeof event.idempotency.key);
    memset(&event.idempotency.request, 6, sizeof event.idempotency.request);
    put_event(&event);
    assert_int_equal(read_hold(event.seq, &got, seats), 1);
    assert_true(got.idempotency.present);
    assert_memory_equal(&got.idempotency.key, &event.idempotency.key, sizeof(sp_hash128));
    assert_memory_equal(&got.idempotency.request, &event.idempotency.request, sizeof(sp_hash128));
    sp_decoder_destroy(decoder);
}

static void no_event_is_none(void **state)
{
    sp_event got;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    (void)state;
    assert_int_equal(read_hold(0, &got, seats), 0);
    assert_int_equal(read_hold(EVENTS + 1, &got, seats), 0);
    assert_int_equal(read_hold(UINT64_MAX, &got, seats), 0);
}

static void damage_is_told_from_nothing(void **state)
{
    sp_event got;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_decoder *decoder = sp_decoder_create();
    sp_event event = first_of(decoder, SP_EVENT_HOLD_TAKEN);
    (void)state;
    size_t size = get(event.seq, buffer);
    put(event.seq, buffer, size - 1);
    assert_int_equal(read_hold(event.seq, &got, seats), -1);
    put(event.seq, "", 0);
    assert_int_equal(read_hold(event.seq, &got, seats), -1);
    put(event.seq, buffer, size);
    assert_int_equal(read_hold(event.seq, &got, seats), 1);
    sp_decoder_destroy(decoder);
}

/* An extension that names what is not there, not its hold, itself, or the future:
 * it was not admitted like that. */
static void an_extension_of_another_is_damage(void **state)
{
    sp_event got;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_decoder *decoder = sp_decoder_create();
    sp_event event = first_of(decoder, SP_EVENT_HOLD_EXTENDED);
    const sp_event sound = event;
    const sp_seq wrong[] = {1, event.hold_extended.taken - 1, event.seq, event.seq + 1, EVENTS + 9};
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        event.hold_extended.taken = wrong[i];
        put_event(&event);
        assert_int_equal(read_hold(event.seq, &got, seats), -1);
    }
    event = sound;
    event.hold_extended.hold++;
    put_event(&event);
    assert_int_equal(read_hold(event.seq, &got, seats), -1);
    put_event(&sound);
    assert_int_equal(read_hold(sound.seq, &got, seats), 1);
    sp_decoder_destroy(decoder);
}

/* ---- at once ---- */

#define READERS 4

typedef struct reading {
    pthread_t thread;
    uint32_t found, wrong;
} reading;

static atomic_bool writing;

/* Whatever it finds is a hold that says so of itself. */
static void *read_all(void *context)
{
    reading *it = context;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    do {
        for (sp_seq seq = 1; seq <= EVENTS; seq += 3) {
            sp_event got;
            int found = read_hold(seq, &got, seats);
            bool ok =
                found == 0 || (found == 1 && got.type == SP_EVENT_HOLD_TAKEN && got.seq <= seq &&
                               got.hold_taken.user == got.actor && got.hold_taken.seats == seats);
            it->found += found == 1;
            it->wrong += !ok;
        }
    } while (atomic_load(&writing));
    return NULL;
}

static void many_read_at_once_beside_the_writer(void **state)
{
    reading readings[READERS] = {0};
    (void)state;
    atomic_store(&writing, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readings[i].thread, NULL, read_all, &readings[i]), 0);
    sp_hold_history_fill(&file, 2, 300, 3);
    atomic_store(&writing, false);
    for (int i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(readings[i].thread, NULL), 0);
        assert_int_equal(readings[i].wrong, 0);
        assert_true(readings[i].found > 50);
    }
}

/* No transaction is left open: a parked reader would make the file grow. */
static void no_reader_is_left_behind(void **state)
{
    sp_event got;
    sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    (void)state;
    for (sp_seq seq = 0; seq <= EVENTS + 1; seq++)
        (void)read_hold(seq, &got, seats);
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(file.env->mdb, NULL, MDB_RDONLY, &txn),
                     0); /* or: too many readers */
    mdb_txn_abort(txn);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_hold_is_read_and_nothing_else),
        TEST(the_key_of_the_request_comes_back),
        TEST(no_event_is_none),
        TEST(damage_is_told_from_nothing),
        TEST(an_extension_of_another_is_damage),
        TEST(many_read_at_once_beside_the_writer),
        TEST(no_reader_is_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
