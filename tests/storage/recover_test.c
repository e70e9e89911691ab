/* SPDX-License-Identifier: MIT
 *
 * Recovery against logs that were changed through LMDB itself: sound trees,
 * false content. (Broken bytes are damage_test.c.)
 */
#include "storage/recover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "storage/codec.h"
#include "tests/support/log_file.h"

#define EVENTS 300u
#define BATCH 10u

static sp_log_file file;
static unsigned char buffer[SP_EVENT_SIZE_MAX];

static int set_up(void **state)
{
    (void)state;
    sp_log_file_make(&file);
    sp_log_file_fill(&file, EVENTS, BATCH);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_log_file_remove(&file);
    return 0;
}

/* ---- changing ---- */

static MDB_txn *begin(void)
{
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(file.env->mdb, NULL, 0, &txn), 0);
    return txn;
}

static void commit(MDB_txn *txn)
{
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static void put(MDB_dbi dbi, uint64_t number, const void *bytes, size_t size)
{
    MDB_txn *txn = begin();
    MDB_val key = sp_env_key(&number), value = {size, (void *)(uintptr_t)bytes};
    assert_int_equal(mdb_put(txn, dbi, &key, &value, 0), 0);
    commit(txn);
}

static void drop(MDB_dbi dbi, uint64_t number)
{
    MDB_txn *txn = begin();
    MDB_val key = sp_env_key(&number);
    assert_int_equal(mdb_del(txn, dbi, &key, NULL), 0);
    commit(txn);
}

static size_t get(MDB_dbi dbi, uint64_t number, unsigned char *out)
{
    MDB_txn *txn = begin();
    MDB_val key = sp_env_key(&number), value;
    assert_int_equal(mdb_get(txn, dbi, &key, &value), 0);
    size_t size = value.mv_size;
    memcpy(out, value.mv_data, size);
    mdb_txn_abort(txn);
    return size;
}

static sp_batch_record batch_of(sp_seq last)
{
    sp_batch_record record;
    assert_int_equal(get(file.env->batches, last, buffer), SP_BATCH_RECORD_SIZE);
    sp_batch_record_read(buffer, &record);
    return record;
}

static void put_batch(sp_seq last, const sp_batch_record *record)
{
    uint8_t bytes[SP_BATCH_RECORD_SIZE];
    sp_batch_record_write(record, bytes);
    put(file.env->batches, last, bytes, sizeof bytes);
}

/* A forger's work: the chain of every batch anew over what is there. */
static void chain_anew(void)
{
    uint8_t previous[SP_CHAIN_SIZE];
    sp_chain_genesis(&file.env->identity, previous);
    for (sp_seq last = BATCH; last <= EVENTS; last += BATCH) {
        sp_batch_record record = batch_of(last);
        sp_chain chain;
        sp_chain_begin(&chain, previous, last - BATCH + 1, record.count, record.time);
        for (sp_seq seq = last - BATCH + 1; seq <= last; seq++)
            sp_chain_add(&chain, buffer, (uint32_t)get(file.env->events, seq, buffer));
        sp_chain_end(&chain, record.chain);
        memcpy(previous, record.chain, SP_CHAIN_SIZE);
        put_batch(last, &record);
    }
}

static void put_event(const sp_event *event)
{
    put(file.env->events, event->seq, buffer, sp_codec_encode(event, buffer));
}

/* An order of the history that is not cancelled by the next event. */
static sp_event some_order(sp_decoder *decoder, sp_seq seq)
{
    static unsigned char bytes[SP_EVENT_SIZE_MAX];
    sp_event event;
    assert_null(sp_codec_decode(decoder, seq, bytes, get(file.env->events, seq, bytes), &event));
    assert_int_equal(event.type, SP_EVENT_ORDER_PAID);
    return event;
}

/* ---- judging ---- */

static sp_storage_status recover(bool apply, sp_finding *finding)
{
    sp_recover_summary summary;
    sp_recover_config config = {.state = apply ? sp_state_create(&sp_limits_default) : NULL};
    sp_storage_status status = sp_recover(file.env, &config, &summary, finding);
    if (apply)
        sp_state_destroy(config.state);
    return status;
}

static void is_well(void)
{
    sp_finding finding;
    assert_int_equal(recover(false, &finding), SP_STORAGE_OK);
    assert_int_equal(recover(true, &finding), SP_STORAGE_OK);
}

static void is_damaged_at(sp_seq seq, const char *text)
{
    sp_finding finding;
    assert_int_equal(recover(true, &finding), SP_STORAGE_DAMAGED);
    if (strstr(finding.text, text) == NULL)
        fail_msg("found: %s", finding.text);
    assert_int_equal(finding.seq, seq);
    assert_int_equal(recover(false, &finding), SP_STORAGE_DAMAGED);
    assert_int_equal(finding.seq, seq);
}

/* ---- what only the chain sees ---- */

static void a_changed_event_breaks_the_chain(void **state)
{
    sp_finding finding;
    sp_decoder *decoder = sp_decoder_create();
    (void)state;
    is_well();
    sp_event event = some_order(decoder, 155);
    event.order_paid.amount++;
    put_event(&event);
    assert_int_equal(recover(false, &finding), SP_STORAGE_DAMAGED);
    assert_int_equal(finding.seq, 151); /* its batch's first */
    assert_non_null(strstr(finding.text, "chain"));
    /* Another buyer would be admitted, too. */
    event.order_paid.amount--;
    event.actor = event.order_paid.buyer = event.order_paid.buyer + 1;
    put_event(&event);
    is_damaged_at(151, "chain");
    sp_decoder_destroy(decoder);
}

static void a_changed_batch_time_breaks_the_chain(void **state)
{
    (void)state;
    sp_batch_record record = batch_of(EVENTS);
    record.time++;
    put_batch(EVENTS, &record);
    is_damaged_at(EVENTS - BATCH + 1, "chain");
}

static void a_changed_identity_breaks_the_chain(void **state)
{
    (void)state;
    file.env->identity.created_at++;
    is_damaged_at(1, "chain");
    file.env->identity.created_at--;
    is_well();
    file.env->identity.log_id[15] ^= 1;
    is_damaged_at(1, "chain");
}

/* The honest limit: whole batches off the end leave an older, whole log. */
static void a_cut_tail_is_not_seen(void **state)
{
    (void)state;
    for (sp_seq seq = EVENTS - BATCH + 1; seq <= EVENTS; seq++)
        drop(file.env->events, seq);
    drop(file.env->batches, EVENTS);
    is_well();
}

/* ---- density and counts ---- */

static void a_gap_is_found(void **state)
{
    (void)state;
    drop(file.env->events, 123);
    sp_finding finding;
    assert_int_equal(recover(false, &finding), SP_STORAGE_DAMAGED);
    /* Through the tree's count already … */
    assert_non_null(strstr(finding.text, "299 events"));
    /* … and where it is, if the count is made right. */
    put(file.env->events, 0, "\xc0", 1);
    is_damaged_at(123, "124 stands in its place");
}

static void a_missing_tail_is_found(void **state)
{
    (void)state;
    drop(file.env->events, EVENTS);
    is_damaged_at(EVENTS, "is missing");
    drop(file.env->events, EVENTS - 1);
    is_damaged_at(EVENTS - 1, "and all behind it");
}

static void an_event_behind_the_last_batch_is_found(void **state)
{
    sp_event event;
    (void)state;
    sp_history_next(&file.history, &event);
    put_event(&event);
    is_damaged_at(EVENTS + 1, "behind the last batch");
}

static void a_missing_batch_is_found(void **state)
{
    (void)state;
    drop(file.env->batches, 100);
    is_damaged_at(91, "says that it has 10 events");
    drop(file.env->batches, EVENTS);
    is_damaged_at(EVENTS - BATCH + 1, "behind the last batch");
}

static void a_wrong_count_is_found(void **state)
{
    (void)state;
    sp_batch_record record = batch_of(50);
    record.count = 9;
    put_batch(50, &record);
    is_damaged_at(41, "says that it has 9 events");
    record.count = UINT64_MAX;
    put_batch(50, &record);
    is_damaged_at(41, "says that it has");
}

static void a_batch_record_of_another_size_is_found(void **state)
{
    (void)state;
    put(file.env->batches, 50, buffer, SP_BATCH_RECORD_SIZE - 1);
    is_damaged_at(41, "no valid record");
    put(file.env->batches, EVENTS, buffer, 0);
    is_damaged_at(EVENTS, "no valid record");
}

static void an_event_of_absurd_size_is_found(void **state)
{
    unsigned char *large = calloc(1, SP_EVENT_SIZE_MAX + 1);
    (void)state;
    put(file.env->events, 7, large, SP_EVENT_SIZE_MAX + 1);
    is_damaged_at(7, "bytes long");
    put(file.env->events, 7, large, 0);
    is_damaged_at(7, "0 bytes long");
    free(large);
}

static void time_going_back_is_found(void **state)
{
    (void)state;
    sp_batch_record record = batch_of(100);
    record.time = batch_of(90).time - 1;
    put_batch(100, &record);
    chain_anew();
    is_damaged_at(91, "time");
}

/* ---- what only replay sees: the chain was made anew ---- */

static void replay_refuses(sp_seq seq, const char *text)
{
    sp_finding finding;
    chain_anew();
    assert_int_equal(recover(false, &finding), SP_STORAGE_OK);
    assert_int_equal(recover(true, &finding), SP_STORAGE_DAMAGED);
    assert_int_equal(finding.seq, seq);
    if (strstr(finding.text, text) == NULL)
        fail_msg("found: %s", finding.text);
}

static void bytes_that_are_no_event_are_refused(void **state)
{
    (void)state;
    put(file.env->events, 155, "\x93\x01\x02\x03", 4);
    replay_refuses(155, "a list is too long or too short");
    put(file.env->events, 155, "\x97\x01\x08\x01\x07\xc0\x01\x05", 8);
    replay_refuses(155, "fields");
    put(file.env->events, 155, "\x98\x02\x08\x01\x07\xc0\x01\x05\xc0", 9);
    replay_refuses(155, "version");
}

static void an_event_that_does_not_fit_is_refused(void **state)
{
    sp_decoder *decoder = sp_decoder_create();
    (void)state;
    sp_event event = some_order(decoder, 155);
    event.order_paid.amount--; /* a seat for less */
    put_event(&event);
    replay_refuses(155, "event 155: ");
    sp_event other = some_order(decoder, 154);
    sp_seat taken = other.order_paid.seats[0];
    event.order_paid.amount++;
    event.order_paid.seats = &taken; /* the same seat twice */
    put_event(&event);
    replay_refuses(155, "event 155: ");
    sp_decoder_destroy(decoder);
}

/* Events are decoded ahead of their turn: what is found on the way is told only
 * if nothing before it is wrong. */
static void the_first_fault_is_told(void **state)
{
    sp_decoder *decoder = sp_decoder_create();
    sp_finding finding;
    (void)state;
    sp_event event = some_order(decoder, 155);
    event.order_paid.amount--;
    put_event(&event);
    replay_refuses(155, "the amount");
    put(file.env->events, 158, "\x93\x01\x02\x03", 4); /* no event */
    replay_refuses(155, "the amount");
    sp_batch_record record = batch_of(170); /* nor is the next batch well */
    record.count++;
    put_batch(170, &record);
    assert_int_equal(recover(true, &finding), SP_STORAGE_DAMAGED);
    assert_int_equal(finding.seq, 155);
    sp_decoder_destroy(decoder);
}

static void an_event_later_than_its_batch_is_refused(void **state)
{
    sp_decoder *decoder = sp_decoder_create();
    (void)state;
    sp_event event = some_order(decoder, 155);
    event.time += 5;
    put_event(&event);
    replay_refuses(155, "later than its batch");
    sp_decoder_destroy(decoder);
}

/* ---- ranges and slices ---- */

typedef struct seen {
    sp_seq first, last;
    uint64_t count, slices;
    bool slow;    /* some events take longer than a slice */
    bool writing; /* the log grows between the slices */
    sp_seq stop_at;
} seen;

static const char *on_event(void *context, const sp_event *event)
{
    seen *s = context;
    if (s->count++ == 0)
        s->first = event->seq;
    else
        assert_int_equal(event->seq, s->last + 1);
    s->last = event->seq;
    if (s->slow && event->seq % 100 == 0)
        usleep(60000);
    return event->seq == s->stop_at ? "that is enough" : NULL;
}

static void on_slice(void *context, sp_seq done, sp_seq head)
{
    seen *s = context;
    s->slices++;
    assert_int_equal(head, EVENTS);
    assert_true(done <= head);
    if (s->writing)
        sp_log_file_fill(&file, 20, 7);
}

static sp_storage_status walk(sp_recover_config config, seen *s, sp_finding *finding)
{
    sp_recover_summary summary;
    config.on_event = on_event;
    config.on_slice = on_slice;
    config.context = s;
    return sp_recover(file.env, &config, &summary, finding);
}

static void ranges_are_kept(void **state)
{
    static const sp_seq cases[][4] = {
        /* from, until, first, last */
        {0, 0, 1, EVENTS},        {1, 1, 1, 1},     {10, 11, 10, 11},
        {11, 20, 11, 20},         {15, 95, 15, 95}, {EVENTS, 0, EVENTS, EVENTS},
        {295, 9999, 295, EVENTS},
    };
    sp_finding finding;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seen s = {0};
        assert_int_equal(
            walk((sp_recover_config){.from = cases[i][0], .until = cases[i][1]}, &s, &finding),
            SP_STORAGE_OK);
        assert_int_equal(s.first, cases[i][2]);
        assert_int_equal(s.last, cases[i][3]);
    }
    seen none = {0};
    assert_int_equal(walk((sp_recover_config){.from = EVENTS + 1}, &none, &finding), SP_STORAGE_OK);
    assert_int_equal(none.count, 0);
}

static void the_chain_is_checked_in_a_range_too(void **state)
{
    sp_finding finding;
    (void)state;
    size_t size = get(file.env->events, 152, buffer);
    buffer[size - 1] ^= 1; /* the seat */
    put(file.env->events, 152, buffer, size);
    seen s = {0};
    assert_int_equal(walk((sp_recover_config){.from = 155, .until = 156}, &s, &finding),
                     SP_STORAGE_DAMAGED);
    seen before = {0};
    assert_int_equal(walk((sp_recover_config){.until = 150}, &before, &finding), SP_STORAGE_OK);
    seen behind = {0};
    assert_int_equal(walk((sp_recover_config){.from = 161, .until = 170}, &behind, &finding),
                     SP_STORAGE_OK);
}

static void a_callback_can_end_the_walk(void **state)
{
    sp_finding finding;
    seen s = {.stop_at = 42};
    (void)state;
    assert_int_equal(walk((sp_recover_config){0}, &s, &finding), SP_STORAGE_DAMAGED);
    assert_int_equal(finding.seq, 42);
    assert_non_null(strstr(finding.text, "that is enough"));
    assert_int_equal(s.count, 42);
}

/* Slow work is cut into slices, and the log may grow between them: the walk
 * still ends at the head that stood when it began. */
static void slices_leave_room_for_the_writer(void **state)
{
    sp_finding finding;
    seen s = {.slow = true, .writing = true};
    (void)state;
    assert_int_equal(walk((sp_recover_config){0}, &s, &finding), SP_STORAGE_OK);
    assert_int_equal(s.count, EVENTS);
    assert_true(s.slices >= 3);
    assert_true(sp_state_seq(file.history.state) > EVENTS);
    is_well();
}

static void until_gives_the_state_of_that_moment(void **state)
{
    sp_recover_summary summary;
    sp_finding finding;
    sp_history again;
    (void)state;
    sp_history_init(&again);
    for (sp_seq seq = 1; seq <= 234; seq++) {
        sp_event event;
        sp_history_next(&again, &event);
        if (seq % BATCH == 0)
            again.time++;
    }
    sp_recover_config config = {.state = sp_state_create(&sp_limits_default), .until = 234};
    assert_int_equal(sp_recover(file.env, &config, &summary, &finding), SP_STORAGE_OK);
    uint8_t got[SP_DIGEST_SIZE], want[SP_DIGEST_SIZE];
    sp_digest(config.state, got);
    sp_digest(again.state, want);
    assert_memory_equal(got, want, sizeof got);
    sp_state_destroy(config.state);
    sp_history_close(&again);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_changed_event_breaks_the_chain),
        TEST(a_changed_batch_time_breaks_the_chain),
        TEST(a_changed_identity_breaks_the_chain),
        TEST(a_cut_tail_is_not_seen),
        TEST(a_gap_is_found),
        TEST(a_missing_tail_is_found),
        TEST(an_event_behind_the_last_batch_is_found),
        TEST(a_missing_batch_is_found),
        TEST(a_wrong_count_is_found),
        TEST(a_batch_record_of_another_size_is_found),
        TEST(an_event_of_absurd_size_is_found),
        TEST(time_going_back_is_found),
        TEST(bytes_that_are_no_event_are_refused),
        TEST(an_event_that_does_not_fit_is_refused),
        TEST(an_event_later_than_its_batch_is_refused),
        TEST(the_first_fault_is_told),
        TEST(ranges_are_kept),
        TEST(the_chain_is_checked_in_a_range_too),
        TEST(a_callback_can_end_the_walk),
        TEST(slices_leave_room_for_the_writer),
        TEST(until_gives_the_state_of_that_moment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
