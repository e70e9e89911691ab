/* SPDX-License-Identifier: MIT
 *
 * Concerts that are changed: who may; and edits: what each changes, what it costs, what it
 * leaves. (Random histories against a naive engine: reference_test.c; pausing and
 * cancelling: catalogue_sale_test.c.)
 */
#include "tests/engine/concerts_stage.h"

static void only_its_host_and_an_admin_may(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(RUNNING_TIME));
    sp_command demote = stage_command(SP_COMMAND_ROLE_SET, ADMIN);
    const sp_user_id second = 5; /* hosts nothing */

    assert_int_equal(stage_user(&stage, SP_ROLE_HOST, 0), SP_OK);
    assert_int_equal(concert_edit(&stage, BUYER, 1, &patch), SP_ROLE_REQUIRED);
    assert_int_equal(concert_pause(&stage, BUYER, 1), SP_ROLE_REQUIRED);
    assert_int_equal(concert_resume(&stage, BUYER, 1), SP_ROLE_REQUIRED);
    assert_int_equal(concert_cancel(&stage, BUYER, 1), SP_ROLE_REQUIRED);
    assert_int_equal(concert_edit(&stage, second, 1, &patch), SP_NOT_OWNER);
    assert_int_equal(concert_pause(&stage, second, 1), SP_NOT_OWNER);
    assert_int_equal(concert_resume(&stage, second, 1), SP_NOT_OWNER);
    assert_int_equal(concert_cancel(&stage, second, 1), SP_NOT_OWNER);
    assert_int_equal(concert_edit(&stage, HOST, 2, &patch), SP_CONCERT_UNKNOWN);
    assert_int_equal(concert_pause(&stage, HOST, 0), SP_CONCERT_UNKNOWN);
    assert_int_equal(concert_resume(&stage, HOST, UINT32_MAX), SP_CONCERT_UNKNOWN);
    assert_int_equal(concert_cancel(&stage, ADMIN, 2), SP_CONCERT_UNKNOWN);
    assert_int_equal(concert_pause(&stage, 77, 1), SP_TOKEN_INVALID);
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    assert_int_equal(concert_pause(&stage, ADMIN, 1), SP_OK);
    assert_int_equal(concert_resume(&stage, 0, 1), SP_OK); /* the operator */
    demote.role_set.user = HOST;
    demote.role_set.role = SP_ROLE_USER;
    assert_int_equal(stage_give(&stage, &demote), SP_OK);
    assert_int_equal(concert_pause(&stage, HOST, 1), SP_ROLE_REQUIRED);
    assert_int_equal(concert_cancel(&stage, ADMIN, 1), SP_OK);
    stage_close(&stage);
}

static uint64_t cards_bytes(const struct stage *stage)
{
    sp_state_usage usage;
    sp_state_usage_of(stage->state, &usage);
    return usage.cards_bytes;
}

/* What stays the same is shared: an edit costs what it changes. */
static void an_edit_costs_what_it_changes(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(RUNNING_TIME));
    const sp_concert_card *made = stage_card(&stage);

    patch.spec.running_time_min = 7;
    uint64_t before = cards_bytes(&stage);
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    const sp_concert_card *card = stage_card(&stage);
    assert_int_equal(cards_bytes(&stage) - before, (sizeof *card + 7) / 8 * 8);
    assert_ptr_not_equal(card, made);
    assert_ptr_equal(card->spec.name.bytes, made->spec.name.bytes);
    assert_ptr_equal(card->spec.address.bytes, made->spec.address.bytes);
    assert_ptr_equal(card->grades, made->grades);
    assert_ptr_equal(card->row_first_seat, made->row_first_seat);
    assert_int_equal(card->spec.running_time_min, 7);
    assert_int_equal(made->spec.running_time_min, 120); /* readers may still have it */
    assert_ptr_equal(card->created, made);
    assert_ptr_equal(made->created, made);
    assert_int_equal(card->created_seq, made->created_seq);
    assert_int_equal(card->layout_seq, made->layout_seq);
    assert_int_equal(card->first_word, made->first_word);
    assert_int_equal(sp_state_concert_seq(stage.state, 1), stage.event.seq);

    before = cards_bytes(&stage);
    assert_int_equal(concert_name(&stage, HOST, "sixteen letters!"), SP_OK);
    assert_int_equal(cards_bytes(&stage) - before, (sizeof *card + 7) / 8 * 8 + 16);
    assert_ptr_equal(stage_card(&stage)->created, made);
    stage_close(&stage);
}

/* Everything, and nothing; absent and empty are told apart. */
static void every_field_can_be_edited(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(0), none = patch_of(0);
    sp_concert_spec *spec = &patch.spec;

    assert_int_equal(stage_category(&stage, ADMIN, "Jazz"), SP_OK);
    patch.fields = (1u << (SP_PATCH_GRADES + 1)) - 1;
    *spec = (sp_concert_spec){.category = 2,
                              .name = SP_TEXT("A"),
                              .description = {NULL, 0},
                              .image_url = SP_TEXT("https://a.example/"),
                              .address = SP_TEXT(""),
                              .running_time_min = 1,
                              .age_limit = SP_AGE_NINETEEN,
                              .start_date = STAGE_OPENS + 1,
                              .end_date = STAGE_ENDS + 2,
                              .concert_date = STAGE_ENDS + 3,
                              .cancel_until = STAGE_ENDS + 1,
                              .max_seats_per_user = 9,
                              .hold_seconds = 11,
                              .no_orphans = true,
                              .grades = stage_grades + 1,
                              .grades_count = 1};
    for (int round = 0; round < 2; round++) { /* again, and with no field at all */
        assert_int_equal(concert_edit(&stage, HOST, 1, round ? &none : &patch), SP_OK);
        assert_int_equal(stage.event.concert_edited.spec.grades_count, round ? 0 : 1);
        const sp_concert_spec *now = &stage_card(&stage)->spec;
        assert_int_equal(now->category, 2);
        assert_true(sp_text_equal(now->name, spec->name));
        assert_null(now->description.bytes);
        assert_true(sp_text_equal(now->image_url, spec->image_url));
        assert_true(now->address.bytes != NULL && now->address.size == 0);
        assert_int_equal(now->running_time_min, 1);
        assert_int_equal(now->age_limit, SP_AGE_NINETEEN);
        assert_int_equal(now->start_date, STAGE_OPENS + 1);
        assert_int_equal(now->end_date, STAGE_ENDS + 2);
        assert_int_equal(now->concert_date, STAGE_ENDS + 3);
        assert_int_equal(now->cancel_until, STAGE_ENDS + 1);
        assert_int_equal(now->max_seats_per_user, 9);
        assert_int_equal(now->hold_seconds, 11);
        assert_true(now->no_orphans);
        assert_int_equal(now->grades_count, 1);
        assert_true(sp_text_equal(now->grades[0].name, SP_TEXT("R")));
    }
    stage_close(&stage);
}

static void what_is_wrong_is_refused(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(CATEGORY));

    patch.spec.category = 2;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_CATEGORY_UNKNOWN);
    patch = patch_of(FIELD(END_DATE));
    patch.spec.end_date = STAGE_OPENS; /* a window of nothing */
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_VALIDATION_FAILED);
    assert_string_equal(stage.refusal.field, "endDate");
    patch.spec.end_date = STAGE_ENDS + 2; /* behind the concert */
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_VALIDATION_FAILED);
    assert_string_equal(stage.refusal.field, "concertDate");
    patch = patch_of(FIELD(CANCEL_UNTIL));
    patch.spec.cancel_until = STAGE_ENDS + 1;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_VALIDATION_FAILED);
    assert_string_equal(stage.refusal.field, "cancelUntil");
    stage_close(&stage);
}

/* Nobody stated it: it follows the dates. Stated once, it stays, even if then it is
 * behind them. */
static void cancel_until_follows_the_dates(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(END_DATE));

    assert_int_equal(stage_card(&stage)->spec.cancel_until, STAGE_ENDS - SP_CANCEL_BEFORE_END_MS);
    patch.spec.end_date = STAGE_ENDS - 5000;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    assert_int_equal(stage_card(&stage)->spec.cancel_until,
                     STAGE_ENDS - 5000 - SP_CANCEL_BEFORE_END_MS);
    patch.fields = FIELD(CANCEL_UNTIL);
    patch.spec.cancel_until = STAGE_ENDS - 6000;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    patch.fields = FIELD(END_DATE);
    patch.spec.end_date = STAGE_ENDS - 5500;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    assert_int_equal(stage_card(&stage)->spec.cancel_until, STAGE_ENDS - 6000);
    patch.spec.end_date = STAGE_ENDS - 6001;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_VALIDATION_FAILED);
    patch.fields = FIELD(END_DATE) | FIELD(CANCEL_UNTIL);
    patch.spec.cancel_until = 0; /* the default again */
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    assert_int_equal(stage_card(&stage)->spec.cancel_until,
                     STAGE_ENDS - 6001 - SP_CANCEL_BEFORE_END_MS);
    stage_close(&stage);
}

/* ---- Other seats ---- */

static void a_layout_that_fits_stays_in_its_place(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    const sp_concert_card *made = stage_card(&stage);
    const uint32_t small[] = {10, 20}, large[] = {64, 64, 64}, larger[] = {64, 64, 64, 1};

    assert_int_equal(made->words_reserved, 3);
    assert_int_equal(concert_relay(&stage, HOST, small, 2), SP_OK);
    const sp_concert_card *card = stage_card(&stage);
    assert_int_equal(card->seats_count, 30);
    assert_int_equal(card->layout_seq, stage.event.seq);
    assert_int_equal(card->first_word, made->first_word);
    assert_int_equal(card->words_reserved, 3);
    assert_int_equal(concert_relay(&stage, HOST, large, 3), SP_OK); /* 192: the same words */
    assert_int_equal(stage_card(&stage)->first_word, made->first_word);
    assert_int_equal(concert_relay(&stage, HOST, larger, 4), SP_OK); /* 193: a new place */
    card = stage_card(&stage);
    assert_int_equal(card->first_word, made->first_word + 3);
    assert_int_equal(card->words_reserved, 4);

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 192)), SP_OK);
    assert_int_equal(stage.event.order_paid.amount, 10);
    assert_int_equal(sp_state_sold_words(stage.state, 1)[3], 1);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(193)), SP_SEAT_UNKNOWN);
    stage_close(&stage);
}

/* The grades are fixed by any seat that was ever held or sold, be it free again. */
static void touched_seats_fix_the_grades(void **unused)
{
    (void)unused;
    const uint32_t rows[] = {5};

    for (int how = 0; how < 4; how++) {
        struct stage stage = stage_make();
        sp_concert_patch patch = patch_of(FIELD(GRADES) | FIELD(RUNNING_TIME));
        if (how < 2) {
            assert_int_equal(hold_take(&stage, BUYER, SEATS(129)), SP_OK);
        } else {
            assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
        }
        if (how == 0) {
            assert_int_equal(hold_release(&stage, BUYER, 1), SP_OK);
        } else if (how == 1) {
            stage.now += HOLD_MS;
            assert_int_equal(hold_expire(&stage), 1);
        } else if (how == 3) {
            assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
        }
        assert_int_equal(concert_relay(&stage, HOST, rows, 1), SP_SEATS_FIXED);
        /* Those that it has may be stated again. */
        patch.spec.running_time_min = 5;
        assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
        assert_int_equal(stage.event.concert_edited.spec.grades_count, 0);
        /* Not even a name or a price may differ. */
        sp_grade_spec grades[] = {stage_grades[0], stage_grades[1]};
        patch.spec.grades = grades;
        grades[1].price++;
        assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_SEATS_FIXED);
        grades[1].price--;
        grades[0].name = SP_TEXT("Vip");
        assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_SEATS_FIXED);
        stage_close(&stage);
    }
}

/* seats_max 1000, grades_max 8, rows_max 20; the stage's concert has 130, 2 and 3. */
static void limits_are_kept(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(GRADES));
    sp_grade_spec grades[9];
    uint32_t rows[21], most = 1000, more = 1001;

    for (uint32_t i = 0; i < 21; i++)
        rows[i] = 1;
    for (uint32_t i = 0; i < 9; i++)
        grades[i] = (sp_grade_spec){SP_TEXT("G"), 1, rows, 1};
    assert_int_equal(concert_relay(&stage, HOST, &more, 1), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "seats");
    assert_int_equal(concert_relay(&stage, HOST, rows, 21), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "rows");
    patch.spec.grades = grades;
    patch.spec.grades_count = 7; /* behind the 2 that it has */
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "grades");
    patch.spec.grades_count = 6;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    assert_int_equal(concert_relay(&stage, HOST, rows, 20), SP_OK); /* in the place of its own */
    /* 20 words in all: 3, then 16 more; then none is left to move to. */
    assert_int_equal(concert_relay(&stage, HOST, &most, 1), SP_OK);
    assert_int_equal(stage_card(&stage)->words_reserved, 16);
    sp_concert_spec spec = stage_spec();
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "seats");
    stage_close(&stage);
}

static void a_full_arena_is_a_limit(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    uint32_t edits = 0;

    while (concert_name(&stage, HOST, edits % 2 ? "one" : "another") == SP_OK)
        edits++;
    assert_int_equal(stage.outcome, SP_LIMIT_REACHED);
    assert_string_equal(stage.refusal.limit, "text");
    assert_in_range(edits, 30, 100);                         /* 16 KiB, 200 bytes and some each */
    assert_int_equal(concert_pause(&stage, HOST, 1), SP_OK); /* goes on */
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    stage_close(&stage);
}

/* ---- Holds that outlive an edit ---- */

static sp_outcome hold_seconds_set(struct stage *stage, uint32_t seconds)
{
    sp_concert_patch patch = patch_of(FIELD(HOLD_SECONDS));
    patch.spec.hold_seconds = seconds;
    return concert_edit(stage, HOST, 1, &patch);
}

/* Holds are as long as they were told: an edit shortens none, nor does an extension
 * behind it. */
static void an_extension_never_shortens(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(hold_seconds_set(&stage, 110), SP_OK);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + HOLD_MS);
    stage.now += 1000;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK); /* 111 s would be all */
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + HOLD_MS);
    stage.now = STAGE_NOW + HOLD_MS - 1;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK);
    assert_int_equal(hold_deadline(&stage, 1), STAGE_NOW + 330000); /* 3 × 110 s */
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_HOLD_EXTEND_LIMIT);
    assert_int_equal(hold_seconds_set(&stage, 10), SP_OK); /* it is past its last already */
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_HOLD_EXTEND_LIMIT);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(1)), SP_OK);
    assert_int_equal(hold_deadline(&stage, 2), stage.now + 10000);
    stage_close(&stage);
}

static void a_hold_outlives_its_window(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(END_DATE));

    assert_int_equal(hold_take(&stage, BUYER, SEATS(0, 1)), SP_OK);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(2)), SP_OK);
    patch.spec.end_date = STAGE_NOW + 1;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    stage.now++;
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_SALES_CLOSED);
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_HOLD_EXTEND_LIMIT);
    assert_int_equal(hold_release(&stage, OTHER, 2), SP_OK);
    assert_int_equal(sp_state_next_deadline(stage.state), STAGE_NOW + HOLD_MS);
    patch.spec.end_date = STAGE_ENDS; /* … and opened again */
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_OK);
    patch = patch_of(FIELD(START_DATE));
    patch.spec.start_date = stage.now + 1;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(5)), SP_SALES_NOT_OPEN);
    assert_int_equal(stage.refusal.opens_at, stage.now + 1);
    stage_close(&stage);
}

/* Who has more than that already has them, and gets no more. */
static void a_lower_seat_limit_takes_none_away(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_concert_patch patch = patch_of(FIELD(MAX_SEATS));

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 1, 2)), SP_OK);
    patch.spec.max_seats_per_user = 2;
    assert_int_equal(concert_edit(&stage, HOST, 1, &patch), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(3)), SP_SEAT_LIMIT);
    assert_int_equal(stage.refusal.max, 2);
    assert_int_equal(stage.refusal.have, 3);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(3, 4)), SP_OK);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_its_host_and_an_admin_may),
        cmocka_unit_test(an_edit_costs_what_it_changes),
        cmocka_unit_test(every_field_can_be_edited),
        cmocka_unit_test(what_is_wrong_is_refused),
        cmocka_unit_test(cancel_until_follows_the_dates),
        cmocka_unit_test(a_layout_that_fits_stays_in_its_place),
        cmocka_unit_test(touched_seats_fix_the_grades),
        cmocka_unit_test(limits_are_kept),
        cmocka_unit_test(a_full_arena_is_a_limit),
        cmocka_unit_test(an_extension_never_shortens),
        cmocka_unit_test(a_hold_outlives_its_window),
        cmocka_unit_test(a_lower_seat_limit_takes_none_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
