/* SPDX-License-Identifier: MIT */
#include "tests/net/decode_stage.h"

#define FIELD(name) (1u << SP_PATCH_##name)

static sp_concert_patch *take(const char *body)
{
    sp_concert_patch *patch = NULL;
    if (!sp_decode_concert_edit(&decode, read_text(body), (uint32_t)strlen(body), &patch))
        fail_msg("%s: %s", body, noted());
    sp_json_reader_wipe(reader); /* nothing may point into it */
    return patch;
}

static void takes_every_field(void **state)
{
    (void)state;
    sp_concert_patch *patch =
        take("{\"categoryId\":\"3\",\"name\":\"Gr\\u00f6\\u00dfe\",\"address\":\"Hall 1\","
             "\"runningTime\":90,\"ageLimit\":\"FIFTEEN\",\"startDate\":\"2026-01-01T00:00:00Z\","
             "\"endDate\":1767323045,\"concertDate\":\"2026-03-01T00:00:00+01:00\","
             "\"description\":\"a\\nb\",\"imageUrl\":\"https://x.example/i.png\","
             "\"maxSeatsPerUser\":4,\"holdSeconds\":60,\"noOrphans\":true,"
             "\"cancelUntil\":1767300000,\"grades\":[{\"name\":\"VIP\",\"price\":100,\"rows\":"
             "[5,6,7]},{\"name\":\"R\",\"price\":0,\"seats\":9}]}");
    const sp_concert_spec *spec = &patch->spec;
    assert_int_equal(patch->fields, (1u << (SP_PATCH_GRADES + 1)) - 1);
    assert_int_equal(spec->category, 3);
    assert_true(sp_text_equal(spec->name, SP_TEXT("Gr\xc3\xb6\xc3\x9f"
                                                  "e")));
    assert_true(sp_text_equal(spec->address, SP_TEXT("Hall 1")));
    assert_true(sp_text_equal(spec->description, SP_TEXT("a\nb")));
    assert_true(sp_text_equal(spec->image_url, SP_TEXT("https://x.example/i.png")));
    assert_int_equal(spec->running_time_min, 90);
    assert_int_equal(spec->age_limit, SP_AGE_FIFTEEN);
    assert_int_equal(spec->start_date, INT64_C(1767225600000));
    assert_int_equal(spec->end_date, INT64_C(1767323045000));
    assert_int_equal(spec->concert_date, INT64_C(1772319600000));
    assert_int_equal(spec->cancel_until, INT64_C(1767300000000));
    assert_int_equal(spec->max_seats_per_user, 4);
    assert_int_equal(spec->hold_seconds, 60);
    assert_true(spec->no_orphans);
    assert_int_equal(spec->grades_count, 2);
    assert_int_equal(spec->grades[0].rows_count, 3);
    assert_int_equal(spec->grades[0].row_sizes[2], 7);
    assert_int_equal(spec->grades[1].row_sizes[0], 9);
    assert_true(sp_text_equal(spec->grades[1].name, SP_TEXT("R")));
    free(patch);
}

static void takes_each_field_alone(void **state)
{
    static const struct {
        const char *body;
        uint32_t fields;
    } cases[] = {
        {"{\"categoryId\":1}", FIELD(CATEGORY)},
        {"{\"name\":\"n\"}", FIELD(NAME)},
        {"{\"description\":\"\"}", FIELD(DESCRIPTION)},
        {"{\"imageUrl\":\"http://x\"}", FIELD(IMAGE_URL)},
        {"{\"address\":\"a\"}", FIELD(ADDRESS)},
        {"{\"runningTime\":1}", FIELD(RUNNING_TIME)},
        {"{\"ageLimit\":\"SEVEN\"}", FIELD(AGE_LIMIT)},
        {"{\"startDate\":5}", FIELD(START_DATE)},
        {"{\"endDate\":5}", FIELD(END_DATE)},
        {"{\"concertDate\":5}", FIELD(CONCERT_DATE)},
        {"{\"cancelUntil\":5}", FIELD(CANCEL_UNTIL)},
        {"{\"maxSeatsPerUser\":1}", FIELD(MAX_SEATS)},
        {"{\"holdSeconds\":10}", FIELD(HOLD_SECONDS)},
        {"{\"noOrphans\":false}", FIELD(NO_ORPHANS)},
        {"{\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":1}]}", FIELD(GRADES)},
        {"{\"endDate\":5,\"name\":\"n\"}", FIELD(NAME) | FIELD(END_DATE)},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_concert_patch *patch = take(cases[i].body);
        if (patch->fields != cases[i].fields)
            fail_msg("%s: %x", cases[i].body, patch->fields);
        free(patch);
    }
}

/* As if the concert had been made without the field. */
static void null_takes_back_what_may_be_left_out(void **state)
{
    (void)state;
    sp_concert_patch *patch =
        take("{\"description\":null,\"imageUrl\":null,\"maxSeatsPerUser\":null,"
             "\"holdSeconds\":null,\"cancelUntil\":null,\"noOrphans\":null}");
    assert_int_equal(patch->fields, FIELD(DESCRIPTION) | FIELD(IMAGE_URL) | FIELD(MAX_SEATS) |
                                        FIELD(HOLD_SECONDS) | FIELD(CANCEL_UNTIL) |
                                        FIELD(NO_ORPHANS));
    assert_int_equal(patch->spec.description.size, 0);
    assert_null(patch->spec.image_url.bytes);
    assert_int_equal(patch->spec.max_seats_per_user, 10);
    assert_int_equal(patch->spec.hold_seconds, 300);
    assert_int_equal(patch->spec.cancel_until, 0);
    assert_false(patch->spec.no_orphans);
    free(patch);
    patch = take("{\"imageUrl\":\"\"}");
    assert_int_equal(patch->fields, FIELD(IMAGE_URL));
    assert_null(patch->spec.image_url.bytes);
    free(patch);
}

static void names_what_is_wrong(void **state)
{
    static const struct {
        const char *body, *noted;
    } cases[] = {
        {"{}", ":required"},
        {"[]", ":type"},
        {"{\"x\":1}", "x:unknown"},
        {"{\"name\":\"a\",\"name\":\"b\"}", "name:duplicate"},
        {"{\"imageUrl\":null,\"imageUrl\":null}", "imageUrl:duplicate"},
        {"{\"name\":null,\"address\":null,\"grades\":null,\"endDate\":null,\"categoryId\":null}",
         "categoryId:type name:type address:type endDate:type grades:type"},
        {"{\"name\":\" \",\"address\":5,\"imageUrl\":\"ftp://x\",\"ageLimit\":\"TEN\","
         "\"runningTime\":0,\"maxSeatsPerUser\":0,\"holdSeconds\":9,\"noOrphans\":1,"
         "\"startDate\":\"x\",\"grades\":[]}",
         "name:required address:type imageUrl:format runningTime:range ageLimit:format "
         "maxSeatsPerUser:range holdSeconds:range noOrphans:type startDate:format grades:range"},
        {"{\"grades\":[{\"name\":\"A\",\"price\":1,\"rows\":[0]},{\"name\":\"A\",\"price\":-1,"
         "\"seats\":1}]}",
         "grades[0].rows[0]:range grades[1].price:range grades[1].name:duplicate"},
        /* Dates that contradict each other, whatever the concert's others are. */
        {"{\"startDate\":5,\"endDate\":5}", "endDate:range"},
        {"{\"endDate\":6,\"concertDate\":5}", "concertDate:range"},
        {"{\"endDate\":6,\"cancelUntil\":7}", "cancelUntil:range"},
        {"{\"startDate\":5,\"concertDate\":5}", "concertDate:range"},
        {"{\"concertDate\":5,\"cancelUntil\":6}", "cancelUntil:range"},
        {"{\"startDate\":9,\"endDate\":8,\"concertDate\":7,\"cancelUntil\":10,\"name\":\"\"}",
         "name:required endDate:range concertDate:range cancelUntil:range"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_concert_patch *patch = NULL;
        const char *body = cases[i].body;
        assert_false(
            sp_decode_concert_edit(&decode, read_text(body), (uint32_t)strlen(body), &patch));
        assert_null(patch);
        expect_noted(body, cases[i].noted);
    }
}

/* The same of a new concert: with all else that is wrong. */
static void a_new_one_with_a_deadline_behind_its_end(void **state)
{
    static const char body[] = "{\"categoryId\":3,\"name\":\"n\",\"address\":\"a\",\"runningTime\":"
                               "0,\"ageLimit\":\"ZERO\","
                               "\"startDate\":5,\"endDate\":7,\"concertDate\":9,\"cancelUntil\":8,"
                               "\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":1}]}";
    sp_concert_spec *spec;
    (void)state;
    assert_false(sp_decode_concert(&decode, read_text(body), sizeof body - 1, &spec));
    expect_noted(body, "runningTime:range cancelUntil:range");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_every_field),
        cmocka_unit_test(takes_each_field_alone),
        cmocka_unit_test(null_takes_back_what_may_be_left_out),
        cmocka_unit_test(names_what_is_wrong),
        cmocka_unit_test(a_new_one_with_a_deadline_behind_its_end),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
