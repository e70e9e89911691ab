/* SPDX-License-Identifier: MIT
 *
 * Holds and jobs in the digest: a whole state is hashed once more by hand.
 */
#include <endian.h>

#include <sodium.h>

#include "tests/engine/digest.h"
#include "tests/engine/concerts_stage.h"

/* --- the canonical order, written down once more from its list in digest.c --- */

typedef struct listing {
    uint8_t bytes[8192];
    size_t size;
} listing;

static void put(listing *out, uint64_t value, size_t bits)
{
    uint64_t little = htole64(value);
    assert_true(out->size + bits / 8 <= sizeof out->bytes);
    memcpy(out->bytes + out->size, &little, bits / 8);
    out->size += bits / 8;
}

static void put_text(listing *out, const char *text)
{
    put(out, text != NULL, 8);
    put(out, text ? strlen(text) : 0, 32);
    for (; text && *text; text++)
        put(out, (uint8_t)*text, 8);
}

static void list_users(listing *out, const struct stage *stage)
{
    static const sp_role roles[] = {SP_ROLE_ADMIN, SP_ROLE_HOST, SP_ROLE_USER, SP_ROLE_USER};
    put(out, 4, 32);
    for (sp_user_id user = 1; user <= 4; user++) {
        put(out, roles[user - 1], 8);
        put(out, (uint64_t)stage_points(stage, user), 64);
        put(out, STAGE_NOW, 64);
        put(out, user == BUYER ? 1 : 0, 32); /* his newest order */
        put(out, 0, 32);                     /* no key */
    }
}

static void list_concert(listing *out, const struct stage *stage)
{
    bool cancelled = sp_state_sale(stage->state, 1) == SP_SALE_CANCELLED;
    put(out, 1, 32);
    put(out, HOST, 32);
    put(out, STAGE_NOW, 64);
    put(out, 6, 64); /* made by the sixth event, */
    put(out, 6, 64); /* and so its seats */
    put(out, sp_state_concert_seq(stage->state, 1), 64);
    put(out, cancelled ? 2 : 0, 8);
    put(out, cancelled ? 0 : 2, 32); /* sold */
    put(out, cancelled ? 0 : 3, 32); /* held */
    put(out, 1, 32);
    put_text(out, "봄의 제전");
    put_text(out, "");
    put_text(out, NULL);
    put_text(out, "Seoul");
    put(out, 120, 32);
    put(out, SP_AGE_SEVEN, 8);
    put(out, STAGE_OPENS, 64);
    put(out, STAGE_ENDS, 64);
    put(out, STAGE_ENDS + 1, 64);
    put(out, STAGE_ENDS - SP_CANCEL_BEFORE_END_MS, 64);
    put(out, 4, 32);
    put(out, 300, 32);
    put(out, 0, 8);
    put(out, 2, 32);
    put_text(out, "VIP");
    put(out, 100, 64);
    put(out, 2, 32);
    put(out, 60, 32);
    put(out, 10, 32);
    put_text(out, "R");
    put(out, 7, 64);
    put(out, 1, 32);
    put(out, 60, 32);
    put(out, 3, 32); /* words */
    put(out, cancelled ? 0 : 3, 64);
    put(out, 0, 64);
    put(out, 0, 64);
    put(out, cancelled ? 0 : 4 | UINT64_C(1) << 63, 64);
    put(out, cancelled ? 0 : 1, 64);
    put(out, 0, 64);
    for (sp_seat seat = 0; seat < STAGE_SEATS; seat++) { /* in the order of play_holds */
        sp_seq seq = seat < 2 ? 8 : seat == 2 ? 9 : seat == 63 || seat == 64 ? 10 : 0;
        put(out, seat == 3 ? 12 : cancelled && seq != 0 ? 14 : seq, 64);
    }
}

static void list_hold(listing *out, sp_hold_id id, sp_user_id user, sp_points amount,
                      sp_time_ms deadline, sp_seq taken, sp_seq seq)
{
    put(out, id, 32);
    put(out, 1, 32);
    put(out, user, 32);
    put(out, (uint64_t)amount, 64);
    put(out, STAGE_NOW, 64);
    put(out, (uint64_t)deadline, 64);
    put(out, taken, 64);
    put(out, seq, 64);
}

/* Seqs 7 … 13: a hold is taken and bought as a job, two live on, of which one is
 * extended, a fourth comes and goes. */
static struct stage play_holds(void)
{
    struct stage stage = stage_make();
    sp_command buy = buy_command(BUYER, 1);
    buy.order_create.job.present = true;
    for (uint8_t i = 0; i < 16; i++)
        buy.order_create.job.id.bytes[i] = (uint8_t)(0xa0 + i);

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0, 1)), SP_OK);
    assert_int_equal(stage_give(&stage, &buy), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(2)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(63, 64)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(3)), SP_OK);
    assert_int_equal(hold_release(&stage, OTHER, 4), SP_OK);
    stage.now += 5;
    assert_int_equal(hold_extend(&stage, BUYER, 2), SP_OK);
    return stage;
}

static void list_head(listing *out, const struct stage *stage)
{
    out->size = 17;
    memcpy(out->bytes, "stagepick state 4", 17);
    put(out, sp_state_seq(stage->state), 64);
    put(out, STAGE_NOW + 5, 64);
    put(out, 2000, 64);
    list_users(out, stage);
    put(out, 1, 32);
    put_text(out, "Classic");
    list_concert(out, stage);
}

/* The only one. */
static void list_order(listing *out, sp_order_status status, sp_time_ms cancelled_at,
                       sp_seq cancel_seq)
{
    put(out, 1, 32);
    put(out, 1, 32);
    put(out, BUYER, 32);
    put(out, status, 8);
    put(out, 200, 64);
    put(out, STAGE_NOW, 64);
    put(out, (uint64_t)cancelled_at, 64);
    put(out, 8, 64);
    put(out, cancel_seq, 64);
    put(out, 0, 32);
    put(out, UINT64_C(0xa5a4a3a2a1a0), 64); /* 48 bits of the job */
    put(out, 2, 32);
    put(out, 0, 32);
    put(out, 1, 32);
}

static void list_grants(listing *out)
{
    put(out, 2, 32);
    for (sp_user_id user = BUYER; user <= OTHER; user++) {
        put(out, user, 32);
        put(out, 1, 8);
        put(out, 1000, 64);
        put(out, STAGE_NOW, 64);
        put(out, user, 64); /* the third and fourth event */
    }
}

static void holds_and_jobs_are_hashed_as_listed(void **unused)
{
    (void)unused;
    static listing list;
    uint8_t want[SP_DIGEST_SIZE], out[SP_DIGEST_SIZE];
    struct stage stage = play_holds();

    list_head(&list, &stage);
    list_order(&list, SP_ORDER_PAYMENT, 0, 0);
    put(&list, 4, 32); /* the newest hold, which has ended */
    put(&list, 2, 32);
    list_hold(&list, 2, BUYER, 100, STAGE_NOW + 5 + HOLD_MS, 9, 13);
    put(&list, 1, 32);
    put(&list, 2, 32);
    list_hold(&list, 3, OTHER, 200, STAGE_NOW + HOLD_MS, 10, 10);
    put(&list, 2, 32);
    put(&list, 63, 32);
    put(&list, 64, 32);
    list_grants(&list);
    put(&list, 0, 32); /* refunds */
    crypto_generichash(want, sizeof want, list.bytes, list.size, NULL, 0);
    digest(&stage, out);
    assert_memory_equal(out, want, SP_DIGEST_SIZE);
    stage_close(&stage);
}

/* The same, and then it is cancelled. */
static void a_cancelled_concert_is_hashed_as_listed(void **unused)
{
    (void)unused;
    static listing list;
    uint8_t want[SP_DIGEST_SIZE], out[SP_DIGEST_SIZE];
    struct stage stage = play_holds();

    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    list_head(&list, &stage);
    list_order(&list, SP_ORDER_CANCEL, STAGE_NOW + 5, 14);
    put(&list, 4, 32); /* the newest hold; none lives */
    put(&list, 0, 32);
    list_grants(&list);
    put(&list, 2, 32); /* refunds */
    for (sp_user_id user = HOST; user <= BUYER; user++) {
        put(&list, user, 32);
        put(&list, (uint64_t)(user == HOST ? INT64_C(-200) : INT64_C(200)), 64);
        put(&list, STAGE_NOW + 5, 64);
        put(&list, 14, 64);
    }
    crypto_generichash(want, sizeof want, list.bytes, list.size, NULL, 0);
    digest(&stage, out);
    assert_memory_equal(out, want, SP_DIGEST_SIZE);
    stage_close(&stage);
}

/* Histories as long, at the same times, that differ in one thing of a hold each. */
static void what_differs_in_a_hold_shows(void **unused)
{
    (void)unused;
    uint8_t seen[7][SP_DIGEST_SIZE];

    for (int variant = 0; variant < 7; variant++) {
        struct stage stage = stage_make();
        sp_command order = stage_order_command(BUYER, SEATS(9));
        order.order_create.job.present = variant >= 5;
        order.order_create.job.id.bytes[2] = (uint8_t)variant; /* 5 and 6 */
        sp_user_id user = variant == 1 ? OTHER : BUYER;
        sp_user_id second = variant == 4 ? OTHER : user;
        assert_int_equal(variant == 2 ? hold_take(&stage, user, SEATS(0, 1))
                                      : hold_take(&stage, user, SEATS(0)),
                         SP_OK);
        assert_int_equal(variant == 2 ? hold_take(&stage, second, SEATS(2))
                                      : hold_take(&stage, second, SEATS(1, 2)),
                         SP_OK);
        stage.now++;
        assert_int_equal(hold_extend(&stage, variant == 3 ? second : user, variant == 3 ? 2 : 1),
                         SP_OK);
        assert_int_equal(stage_give(&stage, &order), SP_OK);
        digest(&stage, seen[variant]);
        differs_from_all(seen, variant);
        stage_close(&stage);
    }
}

/* Of a hold that has ended only its id is left, and that its seats changed. */
static void whose_a_hold_was_does_not_show(void **unused)
{
    (void)unused;
    uint8_t seen[2][SP_DIGEST_SIZE];

    for (int variant = 0; variant < 2; variant++) {
        struct stage stage = stage_make();
        sp_user_id user = variant ? OTHER : BUYER;
        assert_int_equal(hold_take(&stage, user, SEATS(0, 77)), SP_OK);
        assert_int_equal(hold_release(&stage, user, 1), SP_OK);
        digest(&stage, seen[variant]);
        stage_close(&stage);
    }
    assert_memory_equal(seen[0], seen[1], SP_DIGEST_SIZE);
}

/* A larger ring has its rows elsewhere; the smaller one has gone round. */
static void the_ring_does_not_show(void **unused)
{
    (void)unused;
    uint8_t seen[2][SP_DIGEST_SIZE];

    for (int variant = 0; variant < 2; variant++) {
        sp_limits limits = stage_limits;
        limits.holds_max = variant ? 4 : 4096;
        struct stage stage = stage_make_with(&limits);
        assert_int_equal(hold_take(&stage, BUYER, SEATS(5)), SP_OK);
        for (sp_hold_id id = 2; id <= 8; id++) { /* to the end of the smaller one */
            assert_int_equal(hold_take(&stage, OTHER, SEATS(6)), SP_OK);
            assert_int_equal(hold_release(&stage, OTHER, id), SP_OK);
        }
        sp_command take = hold_command(OTHER, SEATS(7, 8));
        assert_int_equal(sp_decide(stage.state, &take, stage.now, &stage.event, stage.seats,
                                   &stage.replay, &stage.outcome, &stage.refusal),
                         SP_DECISION_EVENT);
        assert_int_equal(stage.event.hold_taken.hold, variant ? 10 : 9); /* 1 lives */
        stage.event.hold_taken.hold = 10; /* as the log has it that the smaller wrote */
        assert_null(sp_admit(stage.state, &stage.event));
        sp_apply(stage.state, &stage.event);
        digest(&stage, seen[variant]);
        stage_close(&stage);
    }
    assert_memory_equal(seen[0], seen[1], SP_DIGEST_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_and_jobs_are_hashed_as_listed),
        cmocka_unit_test(a_cancelled_concert_is_hashed_as_listed),
        cmocka_unit_test(what_differs_in_a_hold_shows),
        cmocka_unit_test(whose_a_hold_was_does_not_show),
        cmocka_unit_test(the_ring_does_not_show),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
