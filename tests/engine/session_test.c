/* SPDX-License-Identifier: MIT
 *
 * Rotation of refresh tokens: every way that a shown token can go.
 */
#include "engine/session.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "engine/limits.h"

#define BEGIN INT64_C(1800000000000)

static sp_session_hash hash_of(uint8_t token)
{
    sp_session_hash hash;
    memset(hash.bytes, token, sizeof hash.bytes);
    return hash;
}

static sp_session family(void)
{
    return (sp_session){
        .user = 7, .id = 99, .created_at = BEGIN, .rotated_at = BEGIN, .live = hash_of(1)};
}

static sp_session_verdict refresh(sp_session *session, uint8_t shown, uint8_t fresh, sp_time_ms now)
{
    sp_session_hash shown_hash = hash_of(shown), fresh_hash = hash_of(fresh);
    return sp_session_refresh(session, &shown_hash, &fresh_hash, now);
}

static void is_live(const sp_session *session, uint8_t token)
{
    sp_session_hash hash = hash_of(token);
    assert_memory_equal(session->live.bytes, hash.bytes, sizeof hash.bytes);
}

/* A refusal changes nothing: the family is ended as a whole, by the caller. */
static void is_refused(sp_session *session, uint8_t shown, sp_time_ms now,
                       sp_session_verdict verdict)
{
    sp_session before = *session;
    assert_int_equal(refresh(session, shown, 200, now), verdict);
    assert_memory_equal(session, &before, sizeof before);
}

/* Fixed for good, as tokens outlive a server; and it is not the id. */
static void a_sid_tells_nothing_of_the_id(void **state)
{
    (void)state;
    for (sp_session_id id = 1; id < 1000; id++) {
        assert_int_not_equal(sp_session_sid(id), id);
        assert_int_not_equal(sp_session_sid(id), sp_session_sid(id + 1));
        assert_int_not_equal(sp_session_sid(id), 0);
    }
    assert_int_equal(sp_session_sid(1),
                     UINT64_C(0xdb9ad5cc470e1508) /* as Python's hashlib has it */);
}

static void the_live_token_is_spent_for_its_successor(void **state)
{
    (void)state;
    sp_session session = family();
    for (uint8_t token = 1; token < 100; token++) {
        sp_time_ms now = BEGIN + token * INT64_C(60000);
        sp_session_hash spent = hash_of(token);
        assert_int_equal(refresh(&session, token, token + 1, now), SP_SESSION_ROTATED);
        is_live(&session, token + 1);
        assert_memory_equal(session.spent.bytes, spent.bytes, sizeof spent.bytes);
        assert_int_equal(session.spent_at, now);
        assert_int_equal(session.rotated_at, now);
        assert_int_equal(session.created_at, BEGIN);
    }
}

static void a_lost_answer_is_asked_again_within_the_grace(void **state)
{
    (void)state;
    sp_session session = family();
    sp_time_ms spent_at = BEGIN + 5000;
    assert_int_equal(refresh(&session, 1, 2, spent_at), SP_SESSION_ROTATED);
    /* Again and again: each replaces the successor that nobody has used. */
    assert_int_equal(refresh(&session, 1, 3, spent_at), SP_SESSION_ROTATED);
    assert_int_equal(refresh(&session, 1, 4, spent_at + 9999), SP_SESSION_ROTATED);
    assert_int_equal(refresh(&session, 1, 5, spent_at + 10000), SP_SESSION_ROTATED);
    is_live(&session, 5);
    assert_int_equal(session.spent_at, spent_at); /* the grace is not drawn out */
    assert_int_equal(session.rotated_at, spent_at + 10000);
    is_refused(&session, 1, spent_at + 10001, SP_SESSION_REUSED);
}

static void a_replaced_successor_is_a_reused_one(void **state)
{
    (void)state;
    sp_session session = family();
    assert_int_equal(refresh(&session, 1, 2, BEGIN + 1), SP_SESSION_ROTATED);
    assert_int_equal(refresh(&session, 1, 3, BEGIN + 2), SP_SESSION_ROTATED);
    is_refused(&session, 2, BEGIN + 3, SP_SESSION_REUSED);
    assert_int_equal(refresh(&session, 3, 4, BEGIN + 4), SP_SESSION_ROTATED);
}

/* Whoever uses the successor has had the answer: the one before it is over,
 * however short ago it was. */
static void a_token_spent_twice_removed_is_a_reused_one(void **state)
{
    (void)state;
    sp_session session = family();
    assert_int_equal(refresh(&session, 1, 2, BEGIN + 1), SP_SESSION_ROTATED);
    assert_int_equal(refresh(&session, 2, 3, BEGIN + 1), SP_SESSION_ROTATED);
    is_refused(&session, 1, BEGIN + 1, SP_SESSION_REUSED);
}

static void a_made_up_token_is_taken_for_a_spent_one(void **state)
{
    (void)state;
    sp_session session = family();
    is_refused(&session, 77, BEGIN, SP_SESSION_REUSED);
    /* Nothing was spent yet: zeros are no token. */
    is_refused(&session, 0, BEGIN, SP_SESSION_REUSED);
    /* One bit, at either end. */
    for (size_t at = 0; at < SP_SESSION_HASH_SIZE; at += SP_SESSION_HASH_SIZE - 1) {
        sp_session_hash shown = hash_of(1), fresh = hash_of(2);
        shown.bytes[at] ^= 0x80;
        assert_int_equal(sp_session_refresh(&session, &shown, &fresh, BEGIN), SP_SESSION_REUSED);
    }
    assert_int_equal(refresh(&session, 1, 2, BEGIN), SP_SESSION_ROTATED);
}

static void a_family_ends_14_days_after_its_last_rotation(void **state)
{
    const sp_time_ms days_ms = INT64_C(14) * 24 * 3600 * 1000;
    (void)state;
    sp_session session = family();
    is_refused(&session, 1, BEGIN + days_ms, SP_SESSION_OVER);
    is_refused(&session, 77, BEGIN + days_ms,
               SP_SESSION_OVER); /* of what is over nothing is told */
    assert_int_equal(refresh(&session, 1, 2, BEGIN + days_ms - 1), SP_SESSION_ROTATED);
    /* It goes on from there, for as long as it is used. */
    assert_int_equal(refresh(&session, 2, 3, BEGIN + 2 * days_ms - 2), SP_SESSION_ROTATED);
    is_refused(&session, 3, BEGIN + 3 * days_ms - 2, SP_SESSION_OVER);
}

static void a_clock_set_back_neither_ends_nor_opens(void **state)
{
    (void)state;
    sp_session session = family();
    assert_int_equal(refresh(&session, 1, 2, BEGIN + 60000), SP_SESSION_ROTATED);
    is_refused(&session, 1, BEGIN + 60000 - 10001, SP_SESSION_REUSED);
    assert_int_equal(refresh(&session, 1, 3, BEGIN + 60000 - 10000), SP_SESSION_ROTATED);
    assert_int_equal(refresh(&session, 3, 4, BEGIN - 60000), SP_SESSION_ROTATED);
    /* The first moment and the last that there are. */
    session.rotated_at = SP_TIME_MAX;
    assert_int_equal(refresh(&session, 4, 5, 1), SP_SESSION_ROTATED);
    is_refused(&session, 5, SP_TIME_MAX, SP_SESSION_OVER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sid_tells_nothing_of_the_id),
        cmocka_unit_test(the_live_token_is_spent_for_its_successor),
        cmocka_unit_test(a_lost_answer_is_asked_again_within_the_grace),
        cmocka_unit_test(a_replaced_successor_is_a_reused_one),
        cmocka_unit_test(a_token_spent_twice_removed_is_a_reused_one),
        cmocka_unit_test(a_made_up_token_is_taken_for_a_spent_one),
        cmocka_unit_test(a_family_ends_14_days_after_its_last_rotation),
        cmocka_unit_test(a_clock_set_back_neither_ends_nor_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
