/* SPDX-License-Identifier: MIT
 *
 * A user's ledger sums up to his balance at every seq. (Random histories against
 * a naive list: reference_test.c. Here: what each entry says, and the edges.)
 */
#include <stdlib.h>

#include "tests/engine/concerts_stage.h"

static sp_result result;

static void ask(const struct stage *stage, sp_user_id user, sp_seq before, sp_points balance,
                uint32_t count_max)
{
    sp_command query = stage_command(SP_QUERY_LEDGER, user);
    query.query_ledger.before = before;
    query.query_ledger.balance = balance;
    query.query_ledger.count_max = count_max;
    sp_query(stage->state, &query, &result);
    assert_int_equal(result.outcome, SP_OK);
}

static void release(void)
{
    sp_result_release(SP_QUERY_LEDGER, &result);
    assert_null(result.ledger.items);
}

static void finds_nothing(const struct stage *stage, sp_user_id user, sp_seq before,
                          sp_points balance)
{
    ask(stage, user, before, balance, 10);
    assert_int_equal(result.ledger.count, 0);
    assert_int_equal(result.ledger.next, 0);
    assert_null(result.ledger.items);
}

static void grant(struct stage *stage, sp_user_id user, sp_points amount)
{
    sp_command command = stage_command(SP_COMMAND_POINTS_GRANT, ADMIN);
    command.points_grant.user = user;
    command.points_grant.amount = amount;
    assert_int_equal(stage_give(stage, &command), SP_OK);
}

static void entry(uint32_t index, sp_event_type type, sp_points amount, sp_points balance,
                  sp_order_id order)
{
    const sp_ledger_item *item = &result.ledger.items[index];
    assert_int_equal(item->type, type);
    assert_int_equal(item->amount, amount);
    assert_int_equal(item->balance, balance);
    assert_int_equal(item->order, order);
}

static void every_kind_of_entry_is_told(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 1)), SP_OK);
    grant(&stage, BUYER, 50);
    stage.now += 7;
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    sp_seq seq = sp_state_seq(stage.state);

    ask(&stage, BUYER, 0, 0, 10);
    assert_int_equal(result.ledger.count, 4);
    assert_int_equal(result.ledger.next, 0);
    entry(0, SP_EVENT_ORDER_CANCELLED, 200, 1050, 1);
    entry(1, SP_EVENT_POINTS_GRANTED, 50, 850, 0);
    entry(2, SP_EVENT_ORDER_PAID, -200, 800, 1);
    entry(3, SP_EVENT_USER_CREATED, 1000, 1000, 0);
    assert_int_equal(result.ledger.items[0].seq, seq);
    assert_int_equal(result.ledger.items[0].time, STAGE_NOW + 7);
    assert_int_equal(result.ledger.items[2].time, STAGE_NOW);
    release();

    ask(&stage, HOST, 0, 0, 10);
    assert_int_equal(result.ledger.count, 2);
    entry(0, SP_EVENT_ORDER_CANCELLED, -200, 0, 1);
    entry(1, SP_EVENT_ORDER_PAID, 200, 200, 1);
    release();

    finds_nothing(&stage, ADMIN, 0, 0); /* signed up with nothing */
    finds_nothing(&stage, 0, 0, 0);     /* the operator has no points */
    stage_close(&stage);
}

/* He pays himself: one entry, which moves nothing. */
static void a_host_who_buys_has_one_entry(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    grant(&stage, HOST, 500);
    assert_int_equal(stage_order(&stage, HOST, SEATS(2)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(3)), SP_OK);
    assert_int_equal(stage_cancel(&stage, HOST, 1, NULL), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(2)), SP_OK);
    ask(&stage, HOST, 0, 0, 10);
    assert_int_equal(result.ledger.count, 5);
    entry(0, SP_EVENT_ORDER_PAID, 100, 700, 3);
    entry(1, SP_EVENT_ORDER_CANCELLED, 0, 600, 1);
    entry(2, SP_EVENT_ORDER_PAID, 100, 600, 2);
    entry(3, SP_EVENT_ORDER_PAID, 0, 500, 1);
    entry(4, SP_EVENT_POINTS_GRANTED, 500, 500, 0);
    release();
    stage_close(&stage);
}

/* Buys, is bought from, is given, gives back: all kinds, one behind another. */
static void mix(struct stage *stage)
{
    *stage = stage_make();
    grant(stage, HOST, 900);
    sp_concert_spec spec = stage_spec();
    assert_int_equal(stage_concert(stage, ADMIN, &spec), SP_OK);
    for (sp_seat seat = 0; seat < 3; seat++) {
        assert_int_equal(stage_order(stage, BUYER, &seat, 1), SP_OK); /* from the host */
        sp_command buy = stage_order_command(HOST, &seat, 1);         /* from the admin */
        buy.order_create.concert = 2;
        assert_int_equal(stage_give(stage, &buy), SP_OK);
        sp_order_id newest = sp_state_orders_count(stage->state);
        assert_int_equal(stage_cancel(stage, BUYER, newest - 1, NULL), SP_OK);
        if (seat == 1)
            assert_int_equal(stage_cancel(stage, HOST, newest, NULL), SP_OK);
        grant(stage, HOST, 1 + seat);
        assert_int_equal(stage_order(stage, OTHER, &seat, 1), SP_OK);
    }
}

/* Page by page, whatever their size, it is the same ledger. */
static void pages_join(void **unused)
{
    (void)unused;
    struct stage stage;
    sp_ledger_item whole[100];
    mix(&stage);

    ask(&stage, HOST, 0, 0, 100);
    uint32_t count = result.ledger.count;
    assert_int_equal(count, 1 + 3 * 5 + 1);
    memcpy(whole, result.ledger.items, count * sizeof whole[0]);
    assert_int_equal(whole[0].balance, stage_points(&stage, HOST));
    assert_int_equal(whole[count - 1].balance, whole[count - 1].amount);
    release();

    for (uint32_t size = 1; size <= count + 1; size++) {
        sp_seq before = 0;
        sp_points balance = 0;
        uint32_t seen = 0;
        do {
            ask(&stage, HOST, before, balance, size);
            assert_in_range(result.ledger.count, 1, size);
            for (uint32_t i = 0; i < result.ledger.count; i++) {
                assert_int_equal(result.ledger.items[i].seq, whole[seen].seq);
                assert_int_equal(result.ledger.items[i].amount, whole[seen].amount);
                assert_int_equal(result.ledger.items[i].balance, whole[seen].balance);
                seen++;
            }
            before = result.ledger.next;
            balance = result.ledger.next_balance;
            release();
        } while (before != 0);
        assert_int_equal(seen, count);
    }
    stage_close(&stage);
}

/* The balance at any seq in the past is that of his newest entry up to then. */
static void it_sums_up_at_every_seq(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_points balances[21];
    sp_order_view newest;
    sp_seq first = sp_state_seq(stage.state);

    balances[0] = stage_points(&stage, HOST);
    for (sp_seat seat = 0; seat < 20; seat++) {
        if (seat % 5 == 2) {
            assert_true(sp_state_order(stage.state, sp_state_orders_count(stage.state), &newest));
            assert_int_equal(stage_cancel(&stage, newest.user, newest.id, NULL), SP_OK);
        } else if (seat % 5 == 3) {
            grant(&stage, HOST, 1 + seat);
        } else {
            static const sp_user_id buyers[] = {OTHER, BUYER, 0, 0, HOST};
            assert_int_equal(stage_order(&stage, buyers[seat % 5], &seat, 1), SP_OK);
        }
        balances[sp_state_seq(stage.state) - first] = stage_points(&stage, HOST);
    }
    ask(&stage, HOST, 0, 0, 100);
    uint32_t at = 0;
    for (sp_seq seq = sp_state_seq(stage.state); seq > first; seq--) {
        while (at < result.ledger.count && result.ledger.items[at].seq > seq)
            at++;
        sp_points balance = at < result.ledger.count ? result.ledger.items[at].balance : 0;
        assert_int_equal(balance, balances[seq - first]);
    }
    release();
    stage_close(&stage);
}

static void made_up_cursors_find_nothing(void **unused)
{
    (void)unused;
    struct stage stage;
    mix(&stage);

    ask(&stage, HOST, 0, 0, 3);
    sp_seq good = result.ledger.next;
    sp_points balance = result.ledger.next_balance;
    release();
    ask(&stage, HOST, good, balance, 3);
    assert_int_equal(result.ledger.count, 3);
    release();

    finds_nothing(&stage, OTHER, good, balance);      /* another's */
    finds_nothing(&stage, HOST, 1, balance);          /* no entry at all */
    finds_nothing(&stage, HOST, UINT64_MAX, balance); /* there will never be */
    finds_nothing(&stage, HOST, good, SP_POINTS_TOTAL_MAX + 1);
    finds_nothing(&stage, HOST, good, -SP_POINTS_TOTAL_MAX - 1);
    finds_nothing(&stage, HOST, good, INT64_MIN);
    finds_nothing(&stage, HOST, good, INT64_MAX);
    for (sp_seq seq = 1; seq <= sp_state_seq(stage.state) + 3; seq++)
        for (sp_user_id user = 1; user <= 4; user++) {
            ask(&stage, user, seq, 0, 100);
            for (uint32_t i = 0; i < result.ledger.count; i++)
                assert_true(result.ledger.items[i].seq < seq);
            release();
        }

    /* A made-up balance is off by as much on its own page, and nowhere else. */
    ask(&stage, HOST, good, balance + 11, 3);
    assert_int_equal(result.ledger.items[0].balance, balance + 11);
    release();
    ask(&stage, HOST, good, SP_POINTS_TOTAL_MAX, 100);
    assert_int_equal(result.ledger.items[0].balance, SP_POINTS_TOTAL_MAX);
    release();
    stage_close(&stage);
}

/* Each buyer of a concert that is cancelled has one entry, however many orders he had
 * there, and so has its host, who is one of them; between others, on pages of any size. */
static void a_cancelled_concert_is_one_entry_each(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    grant(&stage, HOST, 500);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(stage_order(&stage, HOST, SEATS(1)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(129)), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(2)), SP_OK);
    assert_int_equal(stage_cancel(&stage, BUYER, 4, NULL), SP_OK);
    stage.now += 3;
    assert_int_equal(concert_cancel(&stage, ADMIN, 1), SP_OK);
    sp_seq seq = stage.event.seq;
    sp_concert_spec spec = stage_spec();
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_command buy = stage_order_command(BUYER, SEATS(0));
    buy.order_create.concert = 2;
    assert_int_equal(stage_give(&stage, &buy), SP_OK);
    grant(&stage, BUYER, 1);

    ask(&stage, BUYER, 0, 0, 10);
    assert_int_equal(result.ledger.count, 8);
    entry(0, SP_EVENT_POINTS_GRANTED, 1, 901, 0);
    entry(1, SP_EVENT_ORDER_PAID, -100, 900, 5);
    entry(2, SP_EVENT_CONCERT_CANCELLED, 107, 1000, 0);
    entry(3, SP_EVENT_ORDER_CANCELLED, 100, 893, 4);
    entry(4, SP_EVENT_ORDER_PAID, -100, 793, 4);
    entry(5, SP_EVENT_ORDER_PAID, -7, 893, 3);
    entry(6, SP_EVENT_ORDER_PAID, -100, 900, 1);
    entry(7, SP_EVENT_USER_CREATED, 1000, 1000, 0);
    assert_int_equal(result.ledger.items[2].seq, seq);
    assert_int_equal(result.ledger.items[2].time, STAGE_NOW + 3);
    release();
    ask(&stage, HOST, 0, 0, 10);
    assert_int_equal(result.ledger.count, 8);
    entry(0, SP_EVENT_ORDER_PAID, 100, 600, 5);
    entry(1, SP_EVENT_CONCERT_CANCELLED, -107, 500, 0);
    entry(2, SP_EVENT_ORDER_CANCELLED, -100, 607, 4);
    entry(5, SP_EVENT_ORDER_PAID, 0, 600, 2);
    release();
    finds_nothing(&stage, OTHER, seq, 0);
    finds_nothing(&stage, ADMIN, seq, 0);

    /* From the refund on, and up to it. */
    for (uint32_t size = 1; size <= 3; size++) {
        ask(&stage, BUYER, seq, 893, size);
        assert_int_equal(result.ledger.count, size);
        entry(0, SP_EVENT_ORDER_CANCELLED, 100, 893, 4);
        release();
        ask(&stage, BUYER, seq + 1, 900, size); /* his order's seq is no entry of his … */
        assert_int_equal(result.ledger.count, 0);
        release();
        ask(&stage, BUYER, seq + 2, 1000, size); /* … this one is */
        entry(0, SP_EVENT_CONCERT_CANCELLED, 107, 1000, 0);
        release();
    }
    stage_close(&stage);
}

/* Two concerts are cancelled, one after the other: each is found by its own seq. */
static void refunds_of_several_concerts_are_told_apart(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_spec spec = stage_spec();

    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    for (sp_concert_id concert = 1; concert <= 2; concert++)
        for (sp_user_id user = BUYER; user <= OTHER; user++) {
            sp_seat seat = user;
            sp_command buy = stage_order_command(user, &seat, 1);
            buy.order_create.concert = concert;
            assert_int_equal(stage_give(&stage, &buy), SP_OK);
        }
    assert_int_equal(concert_cancel(&stage, HOST, 2), SP_OK);
    sp_seq first = stage.event.seq;
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    for (sp_user_id user = HOST; user <= OTHER; user++) {
        sp_points amount = user == HOST ? -200 : 100;
        ask(&stage, user, 0, 0, 2);
        entry(0, SP_EVENT_CONCERT_CANCELLED, amount, user == HOST ? 0 : 1000, 0);
        entry(1, SP_EVENT_CONCERT_CANCELLED, amount, user == HOST ? 200 : 900, 0);
        assert_int_equal(result.ledger.items[1].seq, first);
        release();
        ask(&stage, user, first + 1, 0, 1);
        assert_int_equal(result.ledger.items[0].seq, first);
        release();
    }
    stage_close(&stage);
}

/* The table of grants is full: points can't come from nowhere unrecorded. */
static void a_full_table_refuses(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.grants_max = 2; /* the two buyers' sign-ups */
    struct stage stage = stage_make_with(&limits);
    sp_command command = stage_command(SP_COMMAND_POINTS_GRANT, ADMIN);
    command.points_grant.user = BUYER;
    command.points_grant.amount = 1;

    assert_int_equal(stage_give(&stage, &command), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "grants");
    assert_int_equal(stage_user(&stage, SP_ROLE_USER, 1), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "grants");
    assert_int_equal(stage_user(&stage, SP_ROLE_USER, 0), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(1)), SP_OK);

    sp_event event;
    memset(&event, 0, sizeof event);
    event.seq = sp_state_seq(stage.state) + 1;
    event.time = stage.now;
    event.type = SP_EVENT_POINTS_GRANTED;
    event.points_granted.user = BUYER;
    event.points_granted.amount = 1;
    assert_non_null(strstr(sp_admit(stage.state, &event), "limit of grants"));
    event.type = SP_EVENT_USER_CREATED;
    event.user_created.user = 6;
    event.user_created.role = SP_ROLE_USER;
    event.user_created.points = 1;
    assert_non_null(strstr(sp_admit(stage.state, &event), "limit of grants"));
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_entry_is_told),
        cmocka_unit_test(a_host_who_buys_has_one_entry),
        cmocka_unit_test(pages_join),
        cmocka_unit_test(it_sums_up_at_every_seq),
        cmocka_unit_test(made_up_cursors_find_nothing),
        cmocka_unit_test(a_cancelled_concert_is_one_entry_each),
        cmocka_unit_test(refunds_of_several_concerts_are_told_apart),
        cmocka_unit_test(a_full_table_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
