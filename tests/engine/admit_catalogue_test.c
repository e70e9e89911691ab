/* SPDX-License-Identifier: MIT
 *
 * Hostile events that change concerts: each is refused with its reason, and what is
 * nearly the same is let in.
 */
#include "tests/engine/admit.h"
#include "tests/engine/concerts_stage.h"

/* An edit as decide would make it, of this patch; not applied. */
static sp_event edited(struct stage *stage, uint32_t fields)
{
    static sp_concert_patch patch;
    sp_command command = stage_command(SP_COMMAND_CONCERT_EDIT, HOST);

    patch = patch_of(fields);
    patch.spec.name = SP_TEXT("another");
    command.concert_edit.concert = 1;
    command.concert_edit.patch = &patch;
    assert_int_equal(sp_decide(stage->state, &command, stage->now, &stage->event, stage->seats,
                               &stage->replay, &stage->outcome, &stage->refusal),
                     SP_DECISION_EVENT);
    return stage->event;
}

static sp_event changed(const struct stage *stage, sp_event_type type, sp_user_id actor,
                        sp_concert_id concert)
{
    sp_event event = event_make(stage, type, actor);
    if (type == SP_EVENT_CONCERT_PAUSED)
        event.concert_paused.concert = concert;
    else if (type == SP_EVENT_CONCERT_RESUMED)
        event.concert_resumed.concert = concert;
    else
        event.concert_cancelled.concert = concert;
    return event;
}

static const sp_event_type changes[] = {SP_EVENT_CONCERT_PAUSED, SP_EVENT_CONCERT_RESUMED,
                                        SP_EVENT_CONCERT_CANCELLED};

static void by_the_wrong_people(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event event;

    assert_int_equal(stage_user(&stage, SP_ROLE_HOST, 0), SP_OK);
    for (uint32_t i = 0; i < 3; i++) {
        event = changed(&stage, changes[i], BUYER, 1);
        refuses(&stage, &event, "no HOST");
        event = changed(&stage, changes[i], 5, 1);
        refuses(&stage, &event, "neither the concert's host nor an ADMIN");
        event = changed(&stage, changes[i], 77, 1);
        refuses(&stage, &event, "actor");
        event = changed(&stage, changes[i], HOST, 2);
        refuses(&stage, &event, "no such concert");
        event = changed(&stage, changes[i], HOST, 0);
        refuses(&stage, &event, "no such concert");
        for (sp_user_id actor = 0; actor <= HOST; actor++) {
            event = changed(&stage, changes[i], actor, 1);
            admits(&stage, &event);
        }
    }
    event = edited(&stage, FIELD(NAME));
    admits(&stage, &event);
    event.actor = ADMIN;
    admits(&stage, &event);
    event.actor = BUYER;
    refuses(&stage, &event, "no HOST");
    event.actor = 5;
    refuses(&stage, &event, "neither the concert's host nor an ADMIN");
    event.actor = HOST;
    event.concert_edited.concert = 2;
    refuses(&stage, &event, "no such concert");
    stage_close(&stage);
}

static void an_edit_that_can_not_be(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event good = edited(&stage, FIELD(NAME)), event = good;
    sp_concert_spec *spec = &event.concert_edited.spec;

    spec->category = 2;
    refuses(&stage, &event, "no such category");
    *spec = good.concert_edited.spec;
    spec->name.size = 0;
    refuses(&stage, &event, "1 to 200 bytes");
    *spec = good.concert_edited.spec;
    spec->address = SP_TEXT("\xff");
    refuses(&stage, &event, "500 bytes of UTF-8");
    *spec = good.concert_edited.spec;
    spec->cancel_until = 0; /* an event has it resolved */
    refuses(&stage, &event, "must not be after endDate");
    *spec = good.concert_edited.spec;
    spec->end_date = spec->start_date;
    refuses(&stage, &event, "after startDate");
    *spec = good.concert_edited.spec;
    spec->max_seats_per_user = 0;
    refuses(&stage, &event, "1 to 1000");
    *spec = good.concert_edited.spec;
    spec->hold_seconds = 9;
    refuses(&stage, &event, "10 to 7200");
    *spec = good.concert_edited.spec;
    spec->age_limit = (sp_age_limit)0;
    refuses(&stage, &event, "age limit");
    admits(&stage, &good);
    stage_close(&stage);
}

/* Grades are in an edit only if they are others, and only while they may be. */
static void grades_that_can_not_be(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event event = edited(&stage, FIELD(NAME));
    sp_concert_spec *spec = &event.concert_edited.spec;
    sp_grade_spec grades[9], grade = {SP_TEXT("Floor"), 5, (const uint32_t[]){1000}, 1};
    uint32_t rows[21];

    for (uint32_t i = 0; i < 21; i++)
        rows[i] = 1;
    for (uint32_t i = 0; i < 9; i++)
        grades[i] = (sp_grade_spec){SP_TEXT("G"), 1, rows, 1};
    spec->grades = stage_grades;
    spec->grades_count = 2;
    refuses(&stage, &event, "are those that it has");
    spec->grades = &grade;
    spec->grades_count = 1;
    admits(&stage, &event);
    grade.row_sizes = (const uint32_t[]){1001};
    refuses(&stage, &event, "limit of seats");
    grade.row_sizes = (const uint32_t[]){0};
    refuses(&stage, &event, "a row must have a seat");
    grade.row_sizes = rows;
    grade.rows_count = 21;
    refuses(&stage, &event, "limit of rows");
    spec->grades = grades;
    spec->grades_count = 7;
    refuses(&stage, &event, "limit of grades");
    spec->grades_count = 6;
    admits(&stage, &event);
    grade.rows_count = 1;
    spec->grades = &grade;
    spec->grades_count = 1;
    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_release(&stage, BUYER, 1), SP_OK);
    event.seq = sp_state_seq(stage.state) + 1;
    refuses(&stage, &event, "its grades are fixed");
    spec->grades_count = 0;
    admits(&stage, &event);
    stage_close(&stage);
}

static void a_full_arena_is_known(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    while (concert_name(&stage, HOST, sp_state_seq(stage.state) % 2 ? "one" : "two") == SP_OK)
        ;
    sp_event event = changed(&stage, SP_EVENT_CONCERT_PAUSED, HOST, 1);
    admits(&stage, &event);
    event = event_make(&stage, SP_EVENT_CONCERT_EDITED, HOST);
    event.concert_edited.concert = 1;
    event.concert_edited.spec = stage_card(&stage)->spec;
    event.concert_edited.spec.grades_count = 0;
    refuses(&stage, &event, "limit of text");
    stage_close(&stage);
}

/* What follows from the state is in the event, and must be what follows. */
static void sums_that_are_not_those_of_its_orders(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 129)), SP_OK);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(1)), SP_OK);
    assert_int_equal(stage_cancel(&stage, OTHER, 2, NULL), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(2, 3)), SP_OK);
    sp_event good = changed(&stage, SP_EVENT_CONCERT_CANCELLED, HOST, 1), event;
    good.concert_cancelled.orders_count = 1;
    good.concert_cancelled.amount = 107;
    good.concert_cancelled.seats_held_count = 2;
    admits(&stage, &good);
    event = good;
    event.concert_cancelled.orders_count = 2;
    refuses(&stage, &event, "the refunds are not those");
    event = good;
    event.concert_cancelled.orders_count = 0;
    event.concert_cancelled.amount = 0;
    refuses(&stage, &event, "the refunds are not those");
    event = good;
    event.concert_cancelled.amount = 207;
    refuses(&stage, &event, "the refunds are not those");
    event = good;
    event.concert_cancelled.seats_held_count = 1;
    refuses(&stage, &event, "not so many seats are held");
    event = good;
    event.time = stage.now + HOLD_MS; /* the hold was to end first */
    refuses(&stage, &event, "hold");
    stage_close(&stage);
}

static void nothing_after_it_is_cancelled(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_event edit = edited(&stage, FIELD(NAME)), event;

    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    edit.seq = sp_state_seq(stage.state) + 1;
    refuses(&stage, &edit, "is cancelled");
    for (uint32_t i = 0; i < 3; i++) {
        event = changed(&stage, changes[i], HOST, 1);
        refuses(&stage, &event, "is cancelled");
    }
    event = paid(&stage, BUYER, SEATS(0), 100);
    refuses(&stage, &event, "is cancelled");
    stage_close(&stage);
}

static void sales_while_they_are_stopped(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(5)), SP_OK);
    assert_int_equal(concert_pause(&stage, HOST, 1), SP_OK);
    sp_event order = paid(&stage, OTHER, SEATS(0), 100),
             bought = paid(&stage, BUYER, SEATS(5), 100);
    bought.order_paid.hold = 1;
    refuses(&stage, &order, "sales are paused");
    refuses(&stage, &bought, "sales are paused");
    sp_event hold = event_make(&stage, SP_EVENT_HOLD_TAKEN, OTHER);
    hold.hold_taken.hold = 2;
    hold.hold_taken.concert = 1;
    hold.hold_taken.user = OTHER;
    hold.hold_taken.amount = 100;
    hold.hold_taken.expires_at = stage.now + HOLD_MS;
    hold.hold_taken.seats = (const sp_seat[]){1};
    hold.hold_taken.seats_count = 1;
    refuses(&stage, &hold, "sales are paused");
    assert_int_equal(concert_resume(&stage, HOST, 1), SP_OK);
    order.seq = bought.seq = hold.seq = sp_state_seq(stage.state) + 1;
    admits(&stage, &order);
    admits(&stage, &bought);
    admits(&stage, &hold);

    /* A hold is bought within the window, wherever that is by now. */
    sp_concert_patch patch = patch_of(FIELD(END_DATE));
    patch.spec.end_date = stage.now + 1;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    bought.seq = sp_state_seq(stage.state) + 1;
    admits(&stage, &bought);
    bought.time = stage.now + 1;
    refuses(&stage, &bought, "outside the sales window");
    stage_close(&stage);
}

/* An extension that would make a hold shorter than it is. */
static void an_extension_that_shortens(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(HOLD_SECONDS));

    assert_int_equal(hold_take(&stage, BUYER, SEATS(5)), SP_OK);
    patch.spec.hold_seconds = 110;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    sp_event event = event_make(&stage, SP_EVENT_HOLD_EXTENDED, BUYER);
    event.hold_extended.hold = 1;
    event.hold_extended.taken = 7;
    event.hold_extended.expires_at = stage.now + 110000;
    refuses(&stage, &event, "does not end when it should");
    event.hold_extended.expires_at = stage.now + HOLD_MS;
    admits(&stage, &event);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_the_wrong_people),
        cmocka_unit_test(an_edit_that_can_not_be),
        cmocka_unit_test(grades_that_can_not_be),
        cmocka_unit_test(a_full_arena_is_known),
        cmocka_unit_test(sums_that_are_not_those_of_its_orders),
        cmocka_unit_test(nothing_after_it_is_cancelled),
        cmocka_unit_test(sales_while_they_are_stopped),
        cmocka_unit_test(an_extension_that_shortens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
