/* SPDX-License-Identifier: MIT */
#include "net/text_rules.h"
#include "tests/net/decode_stage.h"

static void takes_orders(void **state)
{
    sp_command command;
    (void)state;
    assert_true(
        sp_decode_order(&decode, read_text("{\"concertId\":\"12\",\"seats\":[7]}"), &command));
    assert_int_equal(command.type, SP_COMMAND_ORDER_CREATE);
    assert_int_equal(command.order_create.concert, 12);
    assert_int_equal(command.order_create.amount, SP_AMOUNT_UNSTATED);
    assert_int_equal(command.order_create.seats_count, 1);
    assert_int_equal(command.order_create.seats[0], 7);
    assert_true(sp_decode_order(
        &decode, read_text("{\"amount\":0,\"seats\":[9,2147483647,0,3],\"concertId\":12}"),
        &command));
    assert_int_equal(command.order_create.amount, 0);
    static const sp_seat sorted[] = {0, 3, 9, INT32_MAX};
    assert_int_equal(command.order_create.seats_count, 4);
    assert_memory_equal(command.order_create.seats, sorted, sizeof sorted);
    assert_true(sp_decode_order(
        &decode, read_text("{\"concertId\":\"1\",\"seats\":[1],\"amount\":null}"), &command));
    assert_int_equal(command.order_create.amount, SP_AMOUNT_UNSTATED);
    assert_int_equal(errors.count, 0);
}

static void names_what_is_wrong_with_orders(void **state)
{
    static const struct {
        const char *body, *noted;
    } cases[] = {
        {"{}", "concertId:required seats:required"},
        {"[]", ":type"},
        {"null", ":type"},
        {"{\"concertId\":\"1\",\"seats\":[]}", "seats:range"},
        {"{\"concertId\":\"1\",\"seats\":{}}", "seats:type"},
        {"{\"concertId\":\"1\",\"seats\":null}", "seats:type"},
        {"{\"concertId\":\"1\",\"seats\":[1.0,1e2,-0,-1,2147483648,99999999999999999999,\"1\",null,"
         "true]}",
         "seats[0]:type seats[1]:type seats[2]:type seats[3]:range seats[4]:range seats[5]:range "
         "seats[6]:type seats[7]:type seats[8]:type"},
        {"{\"concertId\":\"1\",\"seats\":[5,4,5,4,5]}",
         "seats[2]:duplicate seats[3]:duplicate seats[4]:duplicate"},
        {"{\"concertId\":\"01\",\"seats\":[1]}", "concertId:format"},
        {"{\"concertId\":0,\"seats\":[1]}", "concertId:range"},
        {"{\"concertId\":4294967296,\"seats\":[1]}", "concertId:range"},
        {"{\"concertId\":\"4294967296\",\"seats\":[1]}", "concertId:format"},
        {"{\"concertId\":\"\",\"seats\":[1]}", "concertId:format"},
        {"{\"concertId\":\"1\\u0000\",\"seats\":[1]}", "concertId:format"},
        {"{\"concertId\":1.0,\"seats\":[1]}", "concertId:type"},
        {"{\"concertId\":null,\"seats\":[1]}", "concertId:type"},
        {"{\"concertId\":\"1\",\"concertId\":\"2\",\"seats\":[1]}", "concertId:duplicate"},
        {"{\"concertId\":\"1\",\"seats\":[1],\"amount\":-1}", "amount:range"},
        {"{\"concertId\":\"1\",\"seats\":[1],\"amount\":9007199254740992}", "amount:range"},
        {"{\"concertId\":\"1\",\"seats\":[1],\"amount\":\"1\"}", "amount:type"},
        {"{\"concertId\":\"1\",\"seats\":[1],\"holdId\":\"1\",\"a\\u0000b\":1}",
         "a:unknown concertId:conflict seats:conflict"},
        {"{\"x\":1,\"seats\":[-1],\"amount\":true}",
         "x:unknown concertId:required seats[0]:range amount:type"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sp_command command;
        assert_false(sp_decode_order(&decode, read_text(cases[i].body), &command));
        expect_noted(cases[i].body, cases[i].noted);
    }
}

/* Both ways over one body, in memory of its size; returns whether the short
 * one knew it. */
static bool compare_ways(const char *bytes, size_t size)
{
    sp_command scanned = {0}, decoded = {0};
    const char *why;
    char *copy = malloc(size + !size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    sp_text body = {copy, (uint32_t)size};
    bool known = sp_decode_order_scan(body, &scanned);
    if (known) {
        sp_field_errors_clear(&errors);
        const sp_json_node *root = sp_json_read(reader, body, &why);
        if (!root || !sp_decode_order(&decode, root, &decoded))
            fail_msg("only the short way takes %.*s", (int)size, bytes);
        if (memcmp(&scanned, &decoded, sizeof scanned) != 0)
            fail_msg("differs: %.*s", (int)size, bytes);
    }
    free(copy);
    return known;
}

static void the_short_way_knows_what_clients_send(void **state)
{
    static const struct {
        const char *body;
        bool known;
    } cases[] = {
        {"{\"concertId\":\"12\",\"seats\":[3456]}", true},
        {"{\"concertId\":12,\"seats\":[0]}", true},
        {"{\"seats\":[1,2,2147483647],\"concertId\":\"4294967295\"}", true},
        {"{\"concertId\": \"12\", \"seats\": [1, 2], \"amount\": 9007199254740991}", true},
        {" {\n\t\"amount\" : 0 ,\r\"seats\" : [ 1 , 2 ] , \"concertId\" : 1 } ", true},
        /* the long way's: */
        {"", false},
        {"{}", false},
        {"{\"concertId\":\"12\",\"seats\":[]}", false},
        {"{\"concertId\":\"12\",\"seats\":[2,1]}", false},
        {"{\"concertId\":\"12\",\"seats\":[1,1]}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],\"amount\":null}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],\"amount\":1.0}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],\"amount\":1e1}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],\"amount\":-1}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],\"amount\":9007199254740992}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],\"amount\":00000000000000001}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],\"x\":1}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],\"seats\":[1]}", false},
        {"{\"concertId\":\"012\",\"seats\":[1]}", false},
        {"{\"concertId\":\"0\",\"seats\":[1]}", false},
        {"{\"concertId\":\"4294967296\",\"seats\":[1]}", false},
        {"{\"concertId\":\" 12\",\"seats\":[1]}", false},
        {"{\"concertId\":\"12\",\"seats\":[2147483648]}", false},
        {"{\"concertId\":\"12\",\"seats\":[01]}", false},
        {"{\"concertId\":\"12\",\"seats\":[1],}", false},
        {"{\"concertId\":\"12\",\"seats\":[1,]}", false},
        {"{\"concertId\":\"12\",\"seats\":[1]}}", false},
        {"{\"concertId\":\"12\",\"seats\":[1]", false},
        {"{\"\\u0063oncertId\":\"12\",\"seats\":[1]}", false},
        {"\v{\"concertId\":\"12\",\"seats\":[1]}", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (compare_ways(cases[i].body, strlen(cases[i].body)) != cases[i].known)
            fail_msg("%s", cases[i].body);
}

/* Every byte of good bodies replaced by, preceded by every other, or gone. */
static void the_short_way_says_what_the_long_one_says(void **state)
{
    static const char *const bodies[] = {
        "{\"concertId\":\"12\",\"seats\":[3456,90000]}",
        "{ \"amount\" : 120, \"seats\" : [ 0, 10 ], \"concertId\" : 7 }",
        "{\"concertId\":4294967295,\"seats\":[2147483647],\"amount\":9007199254740991}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        size_t size = strlen(bodies[i]);
        char changed[160];
        assert_true(compare_ways(bodies[i], size));
        for (size_t at = 0; at < size; at++) {
            memcpy(changed, bodies[i], at);
            memcpy(changed + at, bodies[i] + at + 1, size - at - 1);
            compare_ways(changed, size - 1);
            memcpy(changed + at + 1, bodies[i] + at, size - at);
            for (int c = 0; c < 256; c++) {
                changed[at] = (char)(unsigned char)c;
                compare_ways(changed, size + 1);
            }
            memcpy(changed, bodies[i], size);
            for (int c = 0; c < 256; c++) {
                changed[at] = (char)(unsigned char)c;
                compare_ways(changed, size);
            }
        }
    }
}

static void an_order_has_at_most_100_seats(void **state)
{
    char body[2048];
    sp_command command;
    (void)state;
    for (unsigned count = 99; count <= 101; count++) {
        int size = snprintf(body, sizeof body, "{\"concertId\":\"1\",\"seats\":[");
        for (unsigned i = count; i > 0; i--)
            size +=
                snprintf(body + size, sizeof body - (size_t)size, "%u%s", i, i > 1 ? "," : "]}");
        assert_int_equal(sp_decode_order(&decode, read_text(body), &command), count <= 100);
        assert_false(compare_ways(body, (size_t)size));
        if (count > 100) {
            assert_string_equal(noted(), "seats:range");
            continue;
        }
        assert_int_equal(command.order_create.seats_count, count);
        for (unsigned i = 0; i < count; i++)
            assert_int_equal(command.order_create.seats[i], i + 1);
    }
}

static void errors_are_bounded(void **state)
{
    static char body[8192], long_name[400];
    sp_command command;
    (void)state;
    strcpy(body, "{");
    for (int i = 0; i < 200; i++)
        sprintf(body + strlen(body), "\"f%d\":1,", i);
    strcpy(body + strlen(body) - 1, "}");
    assert_false(sp_decode_order(&decode, read_text(body), &command));
    assert_int_equal(errors.count, SP_FIELD_ERRORS_MAX);
    /* Cut at a whole character: 95 = 31 of three bytes and two to spare. */
    for (int i = 0; i < 100; i++)
        strcat(long_name, "\xe2\x82\xac");
    snprintf(body, sizeof body, "{\"concertId\":\"1\",\"seats\":[1],\"%s\":1}", long_name);
    assert_false(sp_decode_order(&decode, read_text(body), &command));
    assert_int_equal(strlen(errors.items[0].field), 93);
    assert_memory_equal(errors.items[0].field, long_name, 93);
}

static void reasons(void **state)
{
    sp_text reason;
    (void)state;
    assert_true(sp_decode_cancel(&decode, NULL, &reason));
    assert_null(reason.bytes);
    assert_true(sp_decode_cancel(&decode, read_text("{}"), &reason));
    assert_null(reason.bytes);
    assert_true(sp_decode_cancel(&decode, read_text("{\"reason\":\"ill\\nagain\"}"), &reason));
    assert_true(sp_text_equal(reason, SP_TEXT("ill\nagain")));
    assert_false(sp_decode_cancel(&decode, read_text("{\"reason\":\"\\u0007\"}"), &reason));
    assert_string_equal(noted(), "reason:format");
}

#define DATES                                                                                  \
    "\"startDate\":\"2026-01-01T00:00:00Z\",\"endDate\":1767323045,\"concertDate\":\"2026-03-" \
    "01T00:00:00+01:00\""

static void takes_concerts(void **state)
{
    sp_concert_spec *spec;
    static const char body[] =
        "{\"categoryId\":\"3\",\"name\":\"Gr\\u00f6\\u00dfe\",\"address\":\"Hall "
        "1\",\"runningTime\":90,"
        "\"ageLimit\":\"FIFTEEN\"," DATES
        ",\"description\":\"a\\nb\",\"imageUrl\":\"https://x.example/i.png\","
        "\"maxSeatsPerUser\":4,\"holdSeconds\":60,\"noOrphans\":true,\"cancelUntil\":1767300000,"
        "\"grades\":[{\"name\":\"VIP\",\"price\":100,\"rows\":[5,6,7]},{\"name\":\"R\",\"price\":0,"
        "\"seats\":9}]}";
    (void)state;
    assert_true(sp_decode_concert(&decode, read_text(body), sizeof body - 1, &spec));
    /* Nothing may point into the reader any more. */
    sp_json_reader_wipe(reader);
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
    static const uint32_t rows[] = {5, 6, 7};
    assert_true(sp_text_equal(spec->grades[0].name, SP_TEXT("VIP")));
    assert_int_equal(spec->grades[0].price, 100);
    assert_int_equal(spec->grades[0].rows_count, 3);
    assert_memory_equal(spec->grades[0].row_sizes, rows, sizeof rows);
    assert_int_equal(spec->grades[1].rows_count, 1);
    assert_int_equal(spec->grades[1].row_sizes[0], 9);
    free(spec);
}

static void concert_defaults(void **state)
{
    sp_concert_spec *spec;
    static const char body[] =
        "{\"categoryId\":3,\"name\":\"n\",\"address\":\"a\",\"runningTime\":1,\"ageLimit\":"
        "\"ZERO\"," DATES ",\"imageUrl\":null,\"cancelUntil\":null,\"grades\":[{\"name\":\"A\","
        "\"price\":1,\"seats\":1}]}";
    (void)state;
    assert_true(sp_decode_concert(&decode, read_text(body), sizeof body - 1, &spec));
    assert_int_equal(spec->max_seats_per_user, 10);
    assert_int_equal(spec->hold_seconds, 300);
    assert_false(spec->no_orphans);
    assert_int_equal(spec->cancel_until, 0);
    assert_int_equal(spec->description.size, 0);
    assert_null(spec->image_url.bytes);
    free(spec);
}

static void names_what_is_wrong_with_concerts(void **state)
{
    static const char start[] =
        "{\"categoryId\":3,\"name\":\"n\",\"address\":\"a\",\"runningTime\":1,"
        "\"ageLimit\":\"ZERO\"";
    static const struct {
        const char *rest, *noted;
    } cases[] = {
        {"}", "startDate:required endDate:required concertDate:required grades:required"},
        {"," DATES ",\"grades\":[]}", "grades:range"},
        {"," DATES ",\"grades\":[1,{},{\"name\":\"\",\"price\":-1,\"rows\":[]},"
         "{\"name\":\"A\",\"price\":1,\"rows\":[1,0,200001,\"1\"]},"
         "{\"name\":\"A\",\"price\":1000000001,\"rows\":[1],\"seats\":1,\"x\":1}]}",
         "grades[0]:type grades[1].name:required grades[1].price:required grades[1].rows:required "
         "grades[2].name:required grades[2].price:range grades[2].rows:range "
         "grades[3].rows[1]:range grades[3].rows[2]:range grades[3].rows[3]:type "
         "grades[4].x:unknown grades[4].price:range grades[4].seats:unknown "
         "grades[4].name:duplicate"},
        {"," DATES ",\"grades\":[{\"name\":\"A\",\"price\":1,\"rows\":[100000,100001]}]}",
         "grades:range"},
        {",\"startDate\":2000,\"endDate\":2000,\"concertDate\":1999,"
         "\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":1}]}",
         "endDate:range concertDate:range"},
        {",\"startDate\":\"x\",\"endDate\":1.5,\"concertDate\":0,\"cancelUntil\":true,"
         "\"maxSeatsPerUser\":0,\"holdSeconds\":9,\"noOrphans\":1,\"imageUrl\":\"ftp://x\","
         "\"description\":5,\"grades\":[{\"name\":\"A\",\"price\":1,\"seats\":1}]}",
         "description:type imageUrl:format maxSeatsPerUser:range holdSeconds:range noOrphans:type "
         "startDate:format endDate:type concertDate:range cancelUntil:type"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[2048];
        sp_concert_spec *spec = NULL;
        int size = snprintf(body, sizeof body, "%s%s", start, cases[i].rest);
        assert_false(sp_decode_concert(&decode, read_text(body), (uint32_t)size, &spec));
        assert_null(spec);
        expect_noted(cases[i].rest, cases[i].noted);
    }
}

typedef const char *(*check_fn)(sp_text text, const char **code);

static const char *code_of(check_fn check, const char *text)
{
    const char *code = NULL;
    const char *bad = check((sp_text){text, (uint32_t)strlen(text)}, &code);
    return bad ? code : "fine";
}

static void text_rules(void **state)
{
    char long_text[1200];
    (void)state;
    assert_string_equal(code_of(sp_email_check, "a@b"), "fine");
    assert_string_equal(code_of(sp_email_check, "j\xc3\xbcrgen+x@ex\xc3\xa4mple.org"), "fine");
    static const char *const emails[] = {"",
                                         "a",
                                         "@",
                                         "a@",
                                         "@b",
                                         "a@b@c",
                                         "a b@c",
                                         "a@b\n",
                                         ("a@\xc2\xa0"
                                          "b"),
                                         "a@b\x7f",
                                         "a@b\xc2\x85",
                                         "a@\xff"};
    for (size_t i = 0; i < sizeof emails / sizeof emails[0]; i++)
        assert_string_equal(code_of(sp_email_check, emails[i]), "format");
    memset(long_text, 'x', sizeof long_text);
    long_text[254] = '\0';
    long_text[100] = '@';
    assert_string_equal(code_of(sp_email_check, long_text), "fine");
    long_text[254] = 'x';
    long_text[255] = '\0';
    assert_string_equal(code_of(sp_email_check, long_text), "too_long");
    long_text[31] = '\0';
    assert_string_equal(code_of(sp_nickname_check, long_text), "too_long");
    assert_string_equal(code_of(sp_nickname_check, long_text + 1), "fine");
    assert_string_equal(code_of(sp_nickname_check, "a\tb"), "format");
    assert_string_equal(code_of(sp_nickname_check, " \xE3\x80\x80 "), "required");
    assert_string_equal(code_of(sp_nickname_check, "a\xE2\x80\xAE"), "format");
    assert_string_equal(code_of(sp_password_check, "1234567"), "too_short");
    assert_string_equal(code_of(sp_password_check, "\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac"),
                        "too_short");
    assert_string_equal(code_of(sp_password_check, "12345678"), "fine");
    long_text[31] = 'x';
    long_text[255] = 'x';
    long_text[128] = '\0';
    assert_string_equal(code_of(sp_password_check, long_text), "fine");
    long_text[128] = 'x';
    long_text[129] = '\0';
    assert_string_equal(code_of(sp_password_check, long_text), "too_long");
    assert_string_equal(code_of(sp_url_check, "https://example.org/a?b#c"), "fine");
    assert_string_equal(code_of(sp_url_check, "HTTP://example.org"), "fine");
    static const char *const urls[] = {
        "",           "example.org", "ftp://x",      "http://",         "https:///x", "http://x y",
        "http://x\"", "http://u@x",  "javascript:1", "http://\xc3\xa9", "https://?x", "http://x/<"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++)
        if (strcmp(code_of(sp_url_check, urls[i]), "format") != 0)
            fail_msg("took %s", urls[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_orders),
        cmocka_unit_test(names_what_is_wrong_with_orders),
        cmocka_unit_test(the_short_way_knows_what_clients_send),
        cmocka_unit_test(the_short_way_says_what_the_long_one_says),
        cmocka_unit_test(an_order_has_at_most_100_seats),
        cmocka_unit_test(errors_are_bounded),
        cmocka_unit_test(reasons),
        cmocka_unit_test(takes_concerts),
        cmocka_unit_test(concert_defaults),
        cmocka_unit_test(names_what_is_wrong_with_concerts),
        cmocka_unit_test(text_rules),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
