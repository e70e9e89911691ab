/* SPDX-License-Identifier: MIT
 *
 * What holds do to the state, and what is shown of them and of the orders of jobs.
 */
#include "tests/engine/holds_stage.h"

static void expect_words(const uint64_t *words, uint64_t first, uint64_t second, uint64_t third)
{
    assert_int_equal(words[0], first);
    assert_int_equal(words[1], second);
    assert_int_equal(words[2], third);
}

static void expect_held(const struct stage *stage, uint64_t first, uint64_t second, uint64_t third)
{
    expect_words(sp_state_held_words(stage->state, 1), first, second, third);
    assert_int_equal(sp_state_held_count(stage->state, 1), __builtin_popcountll(first) +
                                                               __builtin_popcountll(second) +
                                                               __builtin_popcountll(third));
}

static void expect_sold(const struct stage *stage, uint64_t first, uint64_t second, uint64_t third)
{
    expect_words(sp_state_sold_words(stage->state, 1), first, second, third);
    assert_int_equal(sp_state_sold_count(stage->state, 1), __builtin_popcountll(first) +
                                                               __builtin_popcountll(second) +
                                                               __builtin_popcountll(third));
}

/* Seats 59, 60, 64 and 129 changed by this event, and the concert. */
static void expect_stamps(const struct stage *stage, sp_seq seq)
{
    assert_int_equal(sp_state_concert_seq(stage->state, 1), seq);
    assert_int_equal(sp_state_seat_seq(stage->state, 1, 59), seq);
    assert_int_equal(sp_state_seat_seq(stage->state, 1, 60), seq);
    assert_int_equal(sp_state_seat_seq(stage->state, 1, 64), seq);
    assert_int_equal(sp_state_seat_seq(stage->state, 1, 129), seq);
    assert_int_equal(sp_state_seat_seq(stage->state, 1, 61), 0);
}

static void a_hold_moves_its_seats_alone(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(59, 60, 64, 129)), SP_OK);
    expect_held(&stage, UINT64_C(3) << 59, 1, 2);
    expect_sold(&stage, 0, 0, 0);
    expect_stamps(&stage, stage.event.seq);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 4);
    assert_int_equal(sp_state_holds_count(stage.state), 1);
    assert_int_equal(sp_state_next_deadline(stage.state), STAGE_NOW + HOLD_MS);
    sp_seq taken = stage.event.seq;
    stage.now++;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    expect_stamps(&stage, taken); /* no seat changed */
    assert_int_equal(sp_state_next_deadline(stage.state), STAGE_NOW + 1 + HOLD_MS);
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_OK);
    expect_held(&stage, 0, 0, 0);
    expect_stamps(&stage, stage.event.seq);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 0);
    assert_int_equal(sp_state_holds_count(stage.state), 0);
    assert_int_equal(sp_state_newest_hold(stage.state), 1);
    assert_int_equal(sp_state_next_deadline(stage.state), 0);
    assert_int_equal(stage_points(&stage, BUYER), 1000);
    stage_close(&stage);
}

static void buying_makes_held_seats_sold(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_order_view order;
    sp_concert_totals totals;

    assert_int_equal(hold_take(&stage, OTHER, SEATS(1)), SP_OK);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(59, 60, 64, 129)), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 2), SP_OK);
    expect_held(&stage, 2, 0, 0); /* the other one's stays */
    expect_sold(&stage, UINT64_C(3) << 59, 1, 2);
    expect_stamps(&stage, stage.event.seq);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 4);
    assert_int_equal(sp_state_holds_count(stage.state), 1);
    assert_true(sp_state_order(stage.state, 1, &order));
    assert_int_equal(order.amount, 307);
    assert_int_equal(order.seats_count, 4);
    assert_int_equal(order.seats[0], 59);
    assert_int_equal(order.seats[3], 129);
    assert_true(sp_state_concert_totals(stage.state, 1, &totals));
    assert_int_equal(totals.seats, 4);
    assert_int_equal(totals.amount, 307);
    assert_int_equal(sp_state_points_total(stage.state), 2000);
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    expect_held(&stage, 2, 0, 0);
    expect_sold(&stage, 0, 0, 0);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 0);
    stage_close(&stage);
}

/* One event ends holds of several people at several concerts; those not due stay. */
static void an_expiry_frees_all_that_is_due(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();
    spec.hold_seconds = 600;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_command command = hold_command(BUYER, SEATS(0, 129));
    command.hold_take.concert = 2;

    assert_int_equal(stage_give(&stage, &command), SP_OK); /* 1: ends last */
    assert_int_equal(hold_take(&stage, BUYER, SEATS(59, 60)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(64, 129)), SP_OK);
    stage.now += 1;
    assert_int_equal(hold_take(&stage, OTHER, SEATS(0)), SP_OK);
    stage.now = STAGE_NOW + HOLD_MS;
    assert_int_equal(hold_expire(&stage), 1);
    assert_int_equal(stage.event.actor, 0);
    assert_int_equal(stage.event.holds_expired.holds_count, 2);
    assert_int_equal(stage.event.holds_expired.holds[0], 2);
    expect_held(&stage, 1, 0, 0);
    expect_stamps(&stage, stage.event.seq);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 0);
    assert_int_equal(sp_state_user_seats(stage.state, OTHER, 1), 1);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 2), 2);
    assert_int_equal(hold_expire(&stage), 0);
    stage.now = STAGE_NOW + 2 * HOLD_MS;
    assert_int_equal(hold_expire(&stage), 1); /* by deadline: 4, then 1 */
    assert_int_equal(stage.event.holds_expired.holds_count, 2);
    assert_int_equal(stage.event.holds_expired.holds[0], 4);
    assert_int_equal(stage.event.holds_expired.holds[1], 1);
    assert_int_equal(sp_state_concert_seq(stage.state, 2), stage.event.seq);
    assert_int_equal(sp_state_seat_seq(stage.state, 2, 129), stage.event.seq);
    assert_int_equal(sp_state_held_count(stage.state, 2), 0);
    stage_close(&stage);
}

/* The erased can do nothing with it; it ends by itself, and his count with it. */
static void a_hold_of_the_erased_ends_by_itself(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command erase = stage_command(SP_COMMAND_USER_ERASE, BUYER);

    assert_int_equal(hold_take(&stage, BUYER, SEATS(59, 60)), SP_OK);
    assert_int_equal(stage_give(&stage, &erase), SP_OK);
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_TOKEN_INVALID);
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_TOKEN_INVALID);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(59)), SP_SEAT_TAKEN);
    stage.now += HOLD_MS;
    assert_int_equal(hold_expire(&stage), 1);
    assert_int_equal(sp_state_user_seats(stage.state, BUYER, 1), 0);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(59)), SP_OK);
    stage_close(&stage);
}

/* More concerts than a user's row has room for: the table of all has the rest. */
static void counts_of_many_concerts_go_with_their_holds(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.concerts_max = limits.grades_max = limits.rows_max = 64;
    limits.seats_max = 10000;
    struct stage stage = stage_make_with(&limits);
    sp_concert_spec spec = stage_spec();

    for (sp_concert_id id = 2; id <= 20; id++)
        assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    for (sp_concert_id id = 1; id <= 20; id++) {
        sp_command command = hold_command(BUYER, SEATS(1, 2, 3));
        command.hold_take.concert = id;
        assert_int_equal(stage_give(&stage, &command), SP_OK);
    }
    for (sp_hold_id id = 1; id <= 20; id += 2)
        assert_int_equal(hold_release(&stage, BUYER, id), SP_OK);
    for (sp_concert_id id = 1; id <= 20; id++)
        assert_int_equal(sp_state_user_seats(stage.state, BUYER, id), id % 2 ? 0 : 3);
    stage.now += HOLD_MS;
    assert_int_equal(hold_expire(&stage), 1);
    for (sp_concert_id id = 1; id <= 20; id++)
        assert_int_equal(sp_state_user_seats(stage.state, BUYER, id), 0);
    stage_close(&stage);
}

/* --- what is shown --- */

static sp_result result;

static sp_outcome ask_hold(const struct stage *stage, sp_user_id actor, sp_hold_id hold)
{
    sp_command query = stage_command(SP_QUERY_HOLD, actor);
    query.query_hold.hold = hold;
    sp_query(stage->state, &query, &result);
    return result.outcome;
}

static sp_outcome ask_job(const struct stage *stage, sp_user_id actor, uint8_t job)
{
    sp_command query = stage_command(SP_QUERY_JOB, actor);
    query.query_job.job.bytes[1] = job;
    sp_query(stage->state, &query, &result);
    return result.outcome;
}

static void a_living_hold_is_shown_to_its_user(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(59, 60, 129)), SP_OK);
    stage.now += 9;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    sp_result_of_event(stage.state, &stage.event, &result);
    for (int i = 0; i < 2; i++) { /* as the answer, and as asked */
        assert_int_equal(result.outcome, SP_OK);
        assert_int_equal(result.hold.id, 1);
        assert_int_equal(result.hold.concert, 1);
        assert_int_equal(result.hold.user, BUYER);
        assert_int_equal(result.hold.amount, 207);
        assert_int_equal(result.hold.created_at, STAGE_NOW);
        assert_int_equal(result.hold.expires_at, STAGE_NOW + 9 + HOLD_MS);
        assert_int_equal(result.hold.seq, stage.event.seq);
        assert_int_equal(result.hold.seats_count, 3);
        assert_ptr_equal(result.hold.seats, result.seats);
        assert_int_equal(result.seats[2], 129);
        memset(&result, 0, sizeof result);
        assert_int_equal(ask_hold(&stage, BUYER, 1), SP_OK);
    }
    assert_int_equal(ask_hold(&stage, OTHER, 1), SP_HOLD_UNKNOWN);
    assert_int_equal(ask_hold(&stage, ADMIN, 1), SP_HOLD_UNKNOWN);
    assert_int_equal(ask_hold(&stage, BUYER, 0), SP_HOLD_UNKNOWN);
    assert_int_equal(ask_hold(&stage, BUYER, 2), SP_HOLD_UNKNOWN);
    assert_int_equal(ask_hold(&stage, 99, 1), SP_TOKEN_INVALID);
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_OK);
    assert_int_equal(ask_hold(&stage, BUYER, 1), SP_HOLD_UNKNOWN);
    stage_close(&stage);
}

static void an_order_is_found_by_its_job(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command order = stage_order_command(BUYER, SEATS(0)), buy = buy_command(BUYER, 1);
    order.order_create.job.present = buy.order_create.job.present = true;
    order.order_create.job.id.bytes[1] = 5;
    buy.order_create.job.id.bytes[1] = 6;

    assert_int_equal(ask_job(&stage, BUYER, 5), SP_JOB_UNKNOWN);
    assert_int_equal(stage_give(&stage, &order), SP_OK);
    assert_true(stage.event.order_paid.job.present);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(9)), SP_OK); /* of no job */
    assert_int_equal(hold_take(&stage, BUYER, SEATS(1, 2)), SP_OK);
    assert_int_equal(stage_give(&stage, &buy), SP_OK);
    assert_int_equal(ask_job(&stage, BUYER, 5), SP_OK);
    assert_int_equal(result.order.id, 1);
    assert_int_equal(ask_job(&stage, BUYER, 6), SP_OK);
    assert_int_equal(result.order.id, 3);
    assert_int_equal(result.order.seats_count, 2);
    assert_int_equal(ask_job(&stage, BUYER, 0), SP_JOB_UNKNOWN); /* not that of no job */
    assert_int_equal(ask_job(&stage, BUYER, 7), SP_JOB_UNKNOWN);
    assert_int_equal(ask_job(&stage, OTHER, 5), SP_JOB_UNKNOWN);
    assert_int_equal(ask_job(&stage, ADMIN, 5), SP_JOB_UNKNOWN);
    assert_int_equal(ask_job(&stage, 99, 5), SP_TOKEN_INVALID);
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    assert_int_equal(ask_job(&stage, BUYER, 5), SP_OK); /* for good */
    assert_int_equal(result.order.status, SP_ORDER_CANCEL);
    stage_close(&stage);
}

/* Two users' jobs of one id: each has his own order. */
static void a_job_is_its_users(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_command order = stage_order_command(BUYER, SEATS(0));
    order.order_create.job.present = true;
    order.order_create.job.id.bytes[1] = 5;
    assert_int_equal(stage_give(&stage, &order), SP_OK);
    order.actor = OTHER;
    order.order_create.seats[0] = 1;
    assert_int_equal(stage_give(&stage, &order), SP_OK);
    assert_int_equal(ask_job(&stage, BUYER, 5), SP_OK);
    assert_int_equal(result.order.id, 1);
    assert_int_equal(ask_job(&stage, OTHER, 5), SP_OK);
    assert_int_equal(result.order.id, 2);
    stage_close(&stage);
}

/* A job with a key runs again when the engine has forgotten that: it shows what it
 * became last, whoever stands between the two in the index. */
static void a_job_that_ran_again_shows_its_newest_order(void **unused)
{
    static const uint8_t homes[] = {0, 2, 0, 0}; /* they stand in cells 0, 2, 1 and 3 */
    (void)unused;
    struct stage stage = stage_make();
    sp_command order = stage_order_command(BUYER, SEATS(0));
    order.order_create.job.present = true;
    for (sp_order_id id = 1; id <= 4; id++) {
        order.order_create.seats[0] = (sp_seat)id;
        order.order_create.job.id.bytes[1] = homes[id - 1] == 0 ? 5 : 6;
        order.order_create.job.id.bytes[10] = homes[id - 1];
        assert_int_equal(stage_give(&stage, &order), SP_OK);
        assert_int_equal(ask_job(&stage, BUYER, 5), SP_OK);
        assert_int_equal(result.order.id, id == 2 ? 1 : id);
    }
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hold_moves_its_seats_alone),
        cmocka_unit_test(buying_makes_held_seats_sold),
        cmocka_unit_test(an_expiry_frees_all_that_is_due),
        cmocka_unit_test(a_hold_of_the_erased_ends_by_itself),
        cmocka_unit_test(counts_of_many_concerts_go_with_their_holds),
        cmocka_unit_test(a_living_hold_is_shown_to_its_user),
        cmocka_unit_test(an_order_is_found_by_its_job),
        cmocka_unit_test(a_job_is_its_users),
        cmocka_unit_test(a_job_that_ran_again_shows_its_newest_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
