/* SPDX-License-Identifier: MIT */
#include "engine/utf8.h"
#include "tests/engine/stage.h"

static void ids_out_of_range_give_nothing(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_user_view user;
    sp_order_view order;
    sp_concert_totals totals;
    const uint32_t ids[] = {0, 5, UINT32_MAX};

    for (int i = 0; i < 3; i++) {
        assert_false(sp_state_user(stage.state, ids[i], &user));
        assert_false(sp_state_order(stage.state, ids[i], &order));
        assert_null(sp_state_concert(stage.state, ids[i]));
        assert_null(sp_state_category(stage.state, ids[i]).bytes);
        assert_null(sp_state_sold_words(stage.state, ids[i]));
        assert_null(sp_state_held_words(stage.state, ids[i]));
        assert_int_equal(sp_state_concert_seq(stage.state, ids[i]), 0);
        assert_int_equal(sp_state_sold_count(stage.state, ids[i]), 0);
        assert_int_equal(sp_state_seat_seq(stage.state, ids[i], 0), 0);
        assert_int_equal(sp_state_user_seats(stage.state, ids[i], 1), 0);
        assert_int_equal(sp_state_user_seats(stage.state, BUYER, ids[i]), 0);
        assert_int_equal(sp_state_order_before(stage.state, ids[i], 0), 0);
        assert_false(sp_state_user_ever(stage.state, ids[i], &user));
        assert_false(sp_state_concert_totals(stage.state, ids[i], &totals));
        assert_int_equal(sp_state_concert_order_before(stage.state, ids[i], 0), 0);
        assert_int_equal(sp_state_concert_order_before(stage.state, 1, ids[i]), 0);
    }
    assert_int_equal(sp_state_seat_seq(stage.state, 1, STAGE_SEATS), 0);
    stage_close(&stage);
}

static void a_card_owns_its_texts_and_rows(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    char name[] = "gone soon";
    uint32_t rows[] = {3, 1, 2};
    sp_grade_spec grade = {{name, 4}, 5, rows, 3};
    sp_concert_spec spec = stage_spec();
    spec.name = (sp_text){name, 9};
    spec.grades = &grade;
    spec.grades_count = 1;

    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    memset(name, 'x', sizeof(name));
    memset(rows, 0, sizeof(rows));
    memset(&grade, 0, sizeof(grade));
    const sp_concert_card *card = sp_state_concert(stage.state, 2);
    assert_true(sp_text_equal(card->spec.name, SP_TEXT("gone soon")));
    assert_true(sp_text_equal(card->grades[0].name, SP_TEXT("gone")));
    assert_true(sp_text_equal(card->spec.grades[0].name, SP_TEXT("gone")));
    assert_null(card->spec.image_url.bytes);       /* absent */
    assert_non_null(card->spec.description.bytes); /* empty */
    assert_int_equal(card->spec.description.size, 0);
    assert_int_equal(card->spec.grades[0].row_sizes[2], 2);
    assert_int_equal(card->seats_count, 6);
    assert_int_equal(card->rows_count, 3);
    assert_int_equal(card->row_first_seat[3], 6);
    assert_int_equal(card->host, HOST);
    assert_int_equal(card->created_seq, sp_state_seq(stage.state));
    stage_close(&stage);
}

static void every_seat_has_its_place(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    const sp_concert_card *card = sp_state_concert(stage.state, 1);
    sp_seat seat = 0;

    for (uint32_t i = 0; i < 2; i++)
        for (uint32_t row = 1; row <= stage_grades[i].rows_count; row++)
            for (uint32_t number = 1; number <= stage_grades[i].row_sizes[row - 1]; number++) {
                sp_seat_place place = sp_card_place(card, seat++);
                assert_ptr_equal(place.grade, &card->grades[i]);
                assert_int_equal(place.row, row);
                assert_int_equal(place.number, number);
            }
    assert_int_equal(seat, STAGE_SEATS);
    stage_close(&stage);
}

static void the_default_limits_can_be_reserved(void **unused)
{
    (void)unused;
    sp_state *state = sp_state_create(&sp_limits_default);
    sp_state_usage usage;

    assert_non_null(state);
    sp_state_usage_of(state, &usage);
    assert_int_equal(usage.orders_bytes, 0);
    assert_int_equal(usage.users_bytes, 0);
    assert_int_equal(usage.seats_bytes, 0);
    sp_state_destroy(state);
    sp_state_destroy(NULL);
}

/* The figures that DESIGN and the issue hold the engine to. */
static void usage_is_within_its_targets(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_state_usage usage;

    for (sp_seat seat = 0; seat < 4; seat++)
        assert_int_equal(stage_order(&stage, BUYER, &seat, 1), SP_OK);
    sp_state_usage_of(stage.state, &usage);
    assert_int_equal(usage.orders_bytes, 4 * 64);
    assert_int_equal(usage.users_bytes, 4 * (64 + 8) + 2 * 32); /* two had points */
    assert_int_equal(stage_cancel(&stage, BUYER, 2, NULL), SP_OK);
    sp_state_usage_of(stage.state, &usage);
    assert_int_equal(usage.orders_bytes, 4 * 64 + 32);
    assert_true(usage.seats_bytes <= 24 * 3 * 64);
    stage_close(&stage);
}

static void utf8_is_strict(void **unused)
{
    (void)unused;
    static const sp_text good[] = {
        {NULL, 0},
        {"a\0b", 3},
        {"\x7f\xc2\x80\xdf\xbf", 5},
        {"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", 12},
        {"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", 8},
    };
    static const char *const bad[] = {
        "\x80",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc2",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xe2\x82",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "a\xe2\x28\xa1",
        "\xf0\x90\x80",
    };

    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        if (!sp_utf8_valid(good[i]))
            fail_msg("good text %zu is refused", i);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (sp_utf8_valid((sp_text){bad[i], (uint32_t)strlen(bad[i])}))
            fail_msg("bad text %zu is taken", i);
}

/* The lists that other modules are generated from. */
static void names_and_codes_are_unique(void **unused)
{
    (void)unused;
    static const sp_outcome outcomes[] = {
#define ID(number, id, code, status, retryable, title) SP_##id,
        SP_OUTCOMES(ID)
#undef ID
    };
    const size_t count = sizeof(outcomes) / sizeof(outcomes[0]);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(sp_outcome_row_of(outcomes[i])->code,
                                    sp_outcome_row_of(outcomes[j])->code);
    assert_int_equal(sp_outcome_row_of(SP_SEAT_TAKEN)->http_status, 409);
    assert_true(sp_outcome_row_of(SP_QUEUE_FULL)->retryable);
    assert_string_equal(sp_event_name(SP_EVENT_ORDER_PAID), "order_paid");
    assert_null(sp_event_name(0));
    assert_null(sp_event_name(9999));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_out_of_range_give_nothing),
        cmocka_unit_test(a_card_owns_its_texts_and_rows),
        cmocka_unit_test(every_seat_has_its_place),
        cmocka_unit_test(the_default_limits_can_be_reserved),
        cmocka_unit_test(usage_is_within_its_targets),
        cmocka_unit_test(utf8_is_strict),
        cmocka_unit_test(names_and_codes_are_unique),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
