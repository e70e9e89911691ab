/* SPDX-License-Identifier: MIT
 *
 * What becomes of those who look at a concert while it is edited: readers of the views
 * who have a card of before, and answers that show it as it was.
 */
#include "engine/views.h"

#include "tests/engine/stage.h"

#define WORDS 4u

static struct stage stage;
static sp_views *views;

static int set_up(void **state)
{
    (void)state;
    sp_limits limits = stage_limits;
    limits.grades_max = 64;
    limits.text_bytes_max = 1u << 20;
    stage = stage_make_with(&limits);
    views = sp_views_create(&limits, NULL);
    sp_views_publish_all(views, stage.state);
    return views ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_views_destroy(views);
    stage_close(&stage);
    return 0;
}

static void publish(void)
{
    sp_views_publish_event(views, stage.state, &stage.event);
    sp_views_publish_changes(views, stage.state, &stage.changes);
    sp_views_publish_seq(views, stage.event.seq);
}

static void edit(sp_concert_id concert, uint32_t fields, const sp_concert_spec *spec)
{
    sp_concert_patch patch = {fields, *spec};
    sp_command command = stage_command(SP_COMMAND_CONCERT_EDIT, HOST);
    command.concert_edit.concert = concert;
    command.concert_edit.patch = &patch;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
}

static void rename_to(sp_text name)
{
    sp_concert_spec spec = {.name = name};
    edit(1, 1u << SP_PATCH_NAME, &spec);
}

static void give_seats(uint32_t seats_count)
{
    sp_grade_spec grade = {SP_TEXT("A"), 1, &seats_count, 1};
    sp_concert_spec spec = {.grades = &grade, .grades_count = 1};
    edit(1, 1u << SP_PATCH_GRADES, &spec);
}

static void set_sale(sp_command_type type)
{
    sp_command command = stage_command(type, HOST);
    command.concert_pause.concert = 1;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
}

static void a_card_knows_what_was_before(void **state)
{
    (void)state;
    const sp_concert_card *first = sp_state_concert(stage.state, 1);
    sp_seq begin = sp_state_seq(stage.state);
    set_sale(SP_COMMAND_CONCERT_PAUSE);
    rename_to(SP_TEXT("B"));
    give_seats(7);
    const sp_concert_card *card = sp_state_concert(stage.state, 1);
    assert_ptr_equal(card->created, first);
    assert_int_equal(card->seq, begin + 3);
    assert_int_equal(card->layout_seq, begin + 3);
    assert_ptr_equal(sp_card_at(card, begin), first);
    assert_ptr_equal(sp_card_at(card, begin + 1), first);
    assert_true(sp_text_equal(sp_card_at(card, begin + 2)->spec.name, SP_TEXT("B")));
    assert_int_equal(sp_card_at(card, begin + 2)->seats_count, STAGE_SEATS);
    assert_ptr_equal(sp_card_at(card, begin + 3), card);
    assert_ptr_equal(sp_card_at(card, INT64_MAX), card);
    assert_null(sp_card_at(card, first->seq - 1));
    assert_null(sp_card_at(NULL, 5));
}

/* Batches ahead: the state has the edit already, but nobody may be told of it. */
static void an_edit_is_not_shown_with_what_it_edits(void **state)
{
    (void)state;
    sp_concert_spec spec = stage_spec();
    spec.name = SP_TEXT("A");
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_event created = stage.event;
    sp_concert_spec other = {.name = SP_TEXT("secret")};
    edit(2, 1u << SP_PATCH_NAME, &other);
    sp_views_publish_event(views, stage.state, &created);
    assert_true(sp_text_equal(sp_views_card(views, 2)->spec.name, SP_TEXT("A")));
    assert_int_equal(sp_views_concert_seq(views, 2), created.seq);
    publish();
    assert_true(sp_text_equal(sp_views_card(views, 2)->spec.name, SP_TEXT("secret")));
    assert_int_equal(sp_views_concert_seq(views, 2), created.seq + 1);
}

/* The last seq at which its seats were there; not that of a layout in between. */
static void a_reader_of_an_old_layout_is_told_the_moment_before_it_went(void **state)
{
    uint64_t sold[WORDS], held[WORDS];
    sp_seat_now seats[STAGE_SEATS];
    uint32_t count;
    (void)state;
    sp_seq begin = sp_state_seq(stage.state);
    const sp_concert_card *card = sp_views_card(views, 1);
    set_sale(SP_COMMAND_CONCERT_PAUSE);
    publish();
    assert_int_equal(sp_views_seats(views, card, sold, held), begin + 1);
    for (uint32_t round = 0; round < 3; round++) {
        give_seats(7 + round);
        publish();
        rename_to(SP_TEXT("B"));
        publish();
        assert_int_equal(sp_views_seats(views, card, sold, held), begin + 1);
        assert_int_equal(sp_views_seats_since(views, card, begin, seats, &count), begin + 1);
        assert_int_equal(count, 0);
    }
    /* A card of the layout of now, but before the renaming. */
    const sp_concert_card *older = sp_views_card(views, 1)->older;
    assert_int_equal(sp_views_seats(views, older, sold, held), sp_state_seq(stage.state));
}

static void one_look_is_of_one_moment(void **state)
{
    uint64_t sold[WORDS], held[WORDS];
    sp_seat_now seats[STAGE_SEATS];
    sp_concert_now now;
    uint32_t count;
    (void)state;
    sp_seq begin = sp_state_seq(stage.state);
    give_seats(9);
    publish();
    set_sale(SP_COMMAND_CONCERT_RESUME);
    publish();
    assert_int_equal(stage_order(&stage, BUYER, SEATS(3, 4)), SP_OK);
    publish();
    assert_true(sp_views_concert(views, 1, &now, sold, held));
    assert_int_equal(now.card->seats_count, 9);
    assert_int_equal(now.seq, begin + 3);
    assert_int_equal(now.own_seq, begin + 2);
    assert_int_equal(now.sale, SP_SALE_OPEN);
    assert_int_equal(sold[0], 3 << 3);
    memset(&now, 0, sizeof now);
    assert_true(sp_views_concert_since(views, 1, begin + 1, &now, seats, &count));
    assert_int_equal(count, 2);
    assert_int_equal(seats[1].seat, 4);
    assert_int_equal(now.seq, begin + 3);
    assert_int_equal(now.own_seq, begin + 2);
    assert_true(sp_views_concert_since(views, 1, begin, &now, seats, &count)); /* other seats */
    assert_int_equal(count, 0);
    assert_int_equal(now.card->layout_seq, begin + 1);
    set_sale(SP_COMMAND_CONCERT_CANCEL);
    publish();
    assert_true(sp_views_concert_since(views, 1, begin + 3, &now, seats, &count));
    assert_int_equal(count, 2);
    assert_int_equal(seats[0].state, SP_SEAT_FREE);
    assert_int_equal(now.sale, SP_SALE_CANCELLED);
    assert_int_equal(now.own_seq, now.seq);
    assert_false(sp_views_concert_since(views, 2, 0, &now, seats, &count));
}

/* A restart knows it too: of seats alone nobody is told that the concert has changed. */
static void when_a_concert_itself_changed_is_kept(void **state)
{
    (void)state;
    set_sale(SP_COMMAND_CONCERT_PAUSE);
    set_sale(SP_COMMAND_CONCERT_RESUME);
    sp_seq own = sp_state_seq(stage.state);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(3, 4)), SP_OK);
    assert_int_equal(sp_state_concert_own_seq(stage.state, 1), own);
    sp_views *later = sp_views_create(&stage_limits, NULL);
    sp_views_publish_all(later, stage.state);
    assert_int_equal(sp_views_concert_own_seq(later, 1), own);
    assert_int_equal(sp_views_concert_seq(later, 1), own + 1);
    sp_views_destroy(later);
    assert_int_equal(sp_state_concert_own_seq(stage.state, 2), 0);
    rename_to(SP_TEXT("B"));
    assert_int_equal(sp_state_concert_own_seq(stage.state, 1), own + 2);
}

/* Whoever extends a hold never shortens it, also if holds are shorter by now. */
static void an_extension_never_ends_earlier(void **state)
{
    (void)state;
    sp_command command = stage_command(SP_COMMAND_HOLD_TAKE, BUYER);
    command.hold_take.concert = 1;
    command.hold_take.seats_count = 1;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    sp_time_ms deadline = stage.event.hold_taken.expires_at;
    assert_int_equal(deadline, stage.now + 300000);
    sp_concert_spec spec = {.hold_seconds = 150};
    edit(1, 1u << SP_PATCH_HOLD_SECONDS, &spec);
    stage.now += 1000;
    command = stage_command(SP_COMMAND_HOLD_EXTEND, BUYER);
    command.hold_extend.hold = 1;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage.event.hold_extended.expires_at, deadline);
    stage.now += 250000;
    assert_int_equal(stage_give(&stage, &command), SP_OK);
    assert_int_equal(stage.event.hold_extended.expires_at, stage.now + 150000);
    spec.hold_seconds = 60; /* it has had more than is left by now */
    edit(1, 1u << SP_PATCH_HOLD_SECONDS, &spec);
    assert_int_equal(stage_give(&stage, &command), SP_HOLD_EXTEND_LIMIT);
}

/* Any card of 300 is found by a dozen steps or two, and is the one that a walk finds. */
static void a_card_of_long_ago_is_found_by_jumps(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        give_seats(20 + i % 3);
    publish();
    const sp_concert_card *now = sp_state_concert(stage.state, 1), *walk = now;
    for (sp_seq at = sp_state_seq(stage.state); at > 0; at--) {
        uint32_t steps = 0;
        while (walk && walk->seq > at)
            walk = walk->older;
        assert_ptr_equal(sp_card_at(now, at), walk);
        for (const sp_concert_card *card = now; card && card->seq > at; steps++)
            card = card->jump && card->jump->seq > at ? card->jump : card->older;
        assert_in_range(steps, 0, 24);
    }
    uint64_t sold[16], held[16];
    for (const sp_concert_card *later = now; later->older; later = later->older)
        assert_int_equal(sp_views_seats(views, later->older, sold, held), later->layout_seq - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_card_knows_what_was_before),
        TEST(a_card_of_long_ago_is_found_by_jumps),
        TEST(an_edit_is_not_shown_with_what_it_edits),
        TEST(a_reader_of_an_old_layout_is_told_the_moment_before_it_went),
        TEST(one_look_is_of_one_moment),
        TEST(when_a_concert_itself_changed_is_kept),
        TEST(an_extension_never_ends_earlier),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
