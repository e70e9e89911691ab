/* SPDX-License-Identifier: MIT */
#include "net/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/json_read.h"
#include "tests/support/random.h"

static sp_json_writer *writer;
static sp_out out;

/* 2 grades: VIP of rows 3, 2; `S "x"` of one row of 5. */
static const sp_card_grade grades[] = {
    {{"VIP", 3}, 100, 0, 5, 0, 2},
    {{"S \"x\"", 5}, 0, 5, 5, 2, 1},
};
static const sp_seat row_first_seat[] = {0, 3, 5, 10};
static const sp_concert_card card = {
    .id = 7,
    .host = 2,
    .created_at = INT64_C(1767225600000),
    .created_seq = 40,
    .spec = {.category = 3,
             .name = {"Fest", 4},
             .address = {"Hall", 4},
             .running_time_min = 90,
             .age_limit = SP_AGE_SEVEN,
             .start_date = INT64_C(1767225600000),
             .end_date = INT64_C(1767312000000),
             .concert_date = INT64_C(1767398400000),
             .cancel_until = INT64_C(1767301200000),
             .max_seats_per_user = 4,
             .hold_seconds = 300,
             .no_orphans = true,
             .grades_count = 2},
    .grades = grades,
    .row_first_seat = row_first_seat,
    .rows_count = 3,
    .seats_count = 10,
};

static void begin(void)
{
    sp_out_clear(&out);
    sp_json_begin(writer, &out);
}

static const char *written(void)
{
    sp_out_bytes(&out, "", 1);
    return out.bytes;
}

static void users(void **state)
{
    sp_user_view user = {9, SP_ROLE_HOST, -5, INT64_C(1767225600000)};
    sp_profile profile = {.user = 9,
                          .email_size = 3,
                          .nickname_size = 2,
                          .email = "a@b",
                          .nickname = "\xc3\xa9",
                          .password_hash = "secret"};
    (void)state;
    begin();
    sp_encode_user(writer, &user, &profile);
    assert_string_equal(written(), "{\"id\":\"9\",\"email\":\"a@b\",\"nickname\":\"\xc3\xa9\","
                                   "\"profileImageUrl\":null,\"role\":\"HOST\",\"points\":-5,"
                                   "\"createdAt\":\"2026-01-01T00:00:00.000Z\"}");
    profile.image_url_size = 13;
    memcpy(profile.image_url, "https://a.b/c", 13);
    begin();
    sp_encode_user(writer, &user, &profile);
    assert_non_null(strstr(written(), ",\"profileImageUrl\":\"https://a.b/c\","));
    begin();
    sp_encode_user(writer, &user, NULL);
    assert_string_equal(written(), "{\"id\":\"9\",\"email\":null,\"nickname\":null,"
                                   "\"profileImageUrl\":null,\"role\":\"HOST\","
                                   "\"points\":-5,\"createdAt\":\"2026-01-01T00:00:00.000Z\"}");
}

static void orders(void **state)
{
    static const sp_seat seats[] = {0, 4, 9};
    sp_order_view order = {.id = 11,
                           .concert = 7,
                           .user = 9,
                           .status = SP_ORDER_CANCEL,
                           .amount = 200,
                           .created_at = INT64_C(1767225600001),
                           .cancelled_at = INT64_C(1767225600002),
                           .seq = 99,
                           .seats = seats,
                           .seats_count = 3};
    (void)state;
    begin();
    sp_encode_order(writer, &order, &card);
    assert_string_equal(
        written(),
        "{\"id\":\"11\",\"concertId\":\"7\",\"concertName\":\"Fest\","
        "\"concertDate\":\"2026-01-03T00:00:00.000Z\",\"status\":\"CANCEL\",\"amount\":200,"
        "\"seats\":[{\"seat\":0,\"label\":\"VIP 1-1\",\"grade\":\"VIP\",\"price\":100},"
        "{\"seat\":4,\"label\":\"VIP 2-2\",\"grade\":\"VIP\",\"price\":100},"
        "{\"seat\":9,\"label\":\"S \\\"x\\\" 1-5\",\"grade\":\"S \\\"x\\\"\",\"price\":0}],"
        "\"createdAt\":\"2026-01-01T00:00:00.001Z\",\"cancelledAt\":\"2026-01-01T00:00:00.002Z\","
        "\"seq\":99}");
    order.cancelled_at = 0;
    order.status = SP_ORDER_PAYMENT;
    begin();
    sp_encode_order(writer, &order, &card);
    assert_non_null(strstr(written(), "\"status\":\"PAYMENT\""));
    assert_non_null(strstr(out.bytes, "\"cancelledAt\":null"));
}

static void holds(void **state)
{
    static const sp_seat seats[] = {0, 9};
    sp_hold_view hold = {.id = 11,
                         .concert = 7,
                         .user = 9,
                         .amount = 100,
                         .created_at = INT64_C(1767225600000),
                         .expires_at = INT64_C(1767225900001),
                         .seq = 99,
                         .seats = seats,
                         .seats_count = 2};
    (void)state;
    begin();
    sp_encode_hold(writer, &hold, &card);
    sp_json_end(writer);
    assert_string_equal(
        written(),
        "{\"holdId\":\"11\",\"concertId\":\"7\","
        "\"seats\":[{\"seat\":0,\"label\":\"VIP 1-1\",\"grade\":\"VIP\",\"price\":100},"
        "{\"seat\":9,\"label\":\"S \\\"x\\\" 1-5\",\"grade\":\"S \\\"x\\\"\",\"price\":0}],"
        "\"amount\":100,\"expiresAt\":\"2026-01-01T00:05:00.001Z\",\"seq\":99}");
}

static void orders_of_a_concert(void **state)
{
    static const sp_seat seats[] = {3};
    sp_order_view order = {.id = 11,
                           .concert = 7,
                           .user = 9,
                           .status = SP_ORDER_PAYMENT,
                           .created_at = INT64_C(1767225600001),
                           .seq = 99,
                           .seats = seats,
                           .seats_count = 1};
    sp_profile profile = {.nickname_size = SP_NICKNAME_SIZE_MAX, .email_size = 3, .email = "a@b"};
    (void)state;
    begin();
    sp_encode_order_of(writer, &order, &card, NULL);
    assert_non_null(strstr(written(), ",\"seq\":99,\"user\":{\"id\":\"9\",\"nickname\":null}}"));
    /* The longest, and all of it escaped; the e-mail address is not shown. */
    memset(profile.nickname, '"', sizeof profile.nickname);
    order.user = UINT32_MAX;
    sp_out_close(&out);
    begin();
    sp_json_array(writer);
    sp_encode_order_of(writer, &order, &card, &profile);
    sp_encode_order(writer, &order, &card);
    sp_json_array_end(writer);
    sp_json_end(writer);
    const char *at = strstr(written(), ",\"user\":{\"id\":\"4294967295\",\"nickname\":\"\\\"");
    assert_non_null(at);
    assert_non_null(strstr(at, "\\\"\"}},{\"id\":\"11\","));
    assert_null(strstr(out.bytes, "a@b"));
}

static void ledgers(void **state)
{
    sp_ledger_item item = {7, INT64_C(1767225600001), SP_EVENT_ORDER_PAID, -30, -5, 12};
    (void)state;
    begin();
    sp_encode_ledger_item(writer, &item);
    assert_string_equal(written(), "{\"seq\":7,\"time\":\"2026-01-01T00:00:00.001Z\","
                                   "\"type\":\"order_paid\",\"amount\":-30,\"balance\":-5,"
                                   "\"orderId\":\"12\"}");
    item.order = 0;
    begin();
    sp_encode_ledger_item(writer, &item);
    assert_non_null(strstr(written(), ",\"orderId\":null}"));
}

static void concerts(void **state)
{
    static const struct {
        sp_time_ms now;
        const char *status;
    } cases[] = {
        {INT64_C(1767225599999), "\"status\":\"UPCOMING\""},
        {INT64_C(1767225600000), "\"status\":\"ON_SALE\""},
        {INT64_C(1767311999999), "\"status\":\"ON_SALE\""},
        {INT64_C(1767312000000), "\"status\":\"CLOSED\""},
    };
    uint64_t sold = 0x211, held = 0x4;
    sp_concert_at at = {
        .card = &card, .category_name = {"Rock", 4}, .seq = 55, .sold = &sold, .held = &held};
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        at.now = cases[i].now;
        begin();
        sp_encode_concert(writer, &at);
        assert_non_null(strstr(written(), cases[i].status));
    }
    assert_string_equal(
        out.bytes,
        "{\"id\":\"7\",\"seq\":55,\"status\":\"CLOSED\",\"category\":{\"id\":\"3\",\"name\":"
        "\"Rock\"},"
        "\"hostId\":\"2\",\"name\":\"Fest\",\"description\":\"\",\"imageUrl\":null,\"address\":"
        "\"Hall\","
        "\"runningTime\":90,\"ageLimit\":\"SEVEN\",\"startDate\":\"2026-01-01T00:00:00.000Z\","
        "\"endDate\":\"2026-01-02T00:00:00.000Z\",\"concertDate\":\"2026-01-03T00:00:00.000Z\","
        "\"cancelUntil\":\"2026-01-01T21:00:00.000Z\",\"maxSeatsPerUser\":4,\"holdSeconds\":300,"
        "\"noOrphans\":true,\"grades\":["
        "{\"name\":\"VIP\",\"price\":100,\"firstSeat\":0,\"rows\":[3,2],\"free\":2,\"held\":1,"
        "\"sold\":2},"
        "{\"name\":\"S "
        "\\\"x\\\"\",\"price\":0,\"firstSeat\":5,\"rows\":[5],\"free\":4,\"held\":0,\"sold\":1}],"
        "\"now\":\"2026-01-02T00:00:00.000Z\",\"createdAt\":\"2026-01-01T00:00:00.000Z\"}");
}

static void seat_maps(void **state)
{
    uint64_t sold = 0x211, held = 0x4;
    (void)state;
    begin();
    sp_encode_seat_map(writer, &card, 55, &sold, &held);
    assert_string_equal(written(),
                        "{\"concertId\":\"7\",\"seq\":55,\"grades\":["
                        "{\"name\":\"VIP\",\"price\":100,\"firstSeat\":0,\"rows\":[3,2]},"
                        "{\"name\":\"S \\\"x\\\"\",\"price\":0,\"firstSeat\":5,\"rows\":[5]}],"
                        "\"status\":\"x.h.x....x\"}");
}

/* All alike, or mixed. */
static uint64_t any_word(sp_random *random)
{
    switch (sp_random_below(random, 4)) {
    case 0:
        return 0;
    case 1:
        return UINT64_MAX;
    default:
        return sp_random_next(random) & sp_random_next(random);
    }
}

/* Against the obvious loop, all sizes round a word, random bits. */
static void expands_like_a_loop(void **state)
{
    sp_random random;
    char text[1032];
    (void)state;
    sp_random_seed(&random, 1);
    for (uint32_t count = 1; count <= 1024; count++) {
        uint64_t sold[16], held[16];
        for (int i = 0; i < 16; i++) {
            sold[i] = any_word(&random);
            held[i] = any_word(&random); /* also of sold seats: sold wins */
        }
        sp_expand_seats(sold, held, count, text);
        for (uint32_t seat = 0; seat < count; seat++) {
            char wanted = sold[seat / 64] >> seat % 64 & 1   ? 'x'
                          : held[seat / 64] >> seat % 64 & 1 ? 'h'
                                                             : '.';
            assert_int_equal(text[seat], wanted);
        }
    }
}

/* Rows of all lengths, alike and not, as the card has them. */
static void rows_of_all_lengths(void **state)
{
    static const uint32_t sizes[] = {1, 1, 9, 10, 10, 99, 100, 100, 100, 999, 1000, 50000, 7, 7, 1};
    enum { ROWS = sizeof sizes / sizeof sizes[0] };
    sp_seat first[ROWS + 1] = {0};
    char wanted[256] = "", number[16];
    (void)state;
    for (uint32_t i = 0; i < ROWS; i++) {
        first[i + 1] = first[i] + sizes[i];
        snprintf(number, sizeof number, "%s%u", i ? "," : "", sizes[i]);
        strcat(wanted, number);
    }
    sp_card_grade grade = {{"A", 1}, 5, 0, first[ROWS], 0, ROWS};
    sp_concert_card rows_card = {.spec = {.grades_count = 1},
                                 .grades = &grade,
                                 .row_first_seat = first,
                                 .rows_count = ROWS,
                                 .seats_count = first[ROWS]};
    begin();
    sp_json_object(writer);
    sp_encode_grade(writer, &rows_card, &grade);
    sp_json_object_end(writer);
    char whole[512];
    snprintf(whole, sizeof whole, "{\"name\":\"A\",\"price\":5,\"firstSeat\":0,\"rows\":[%s]}",
             wanted);
    assert_string_equal(written(), whole);
}

#define NASTY "a\"\\\n\x01\xea\xb0\x80"
#define NASTY_ESCAPED "a\\\"\\\\\\n\\u0001\xea\xb0\x80"

/* Orders and taken seats are written past the writer: names are escaped all
 * the same, and the largest of everything fits. */
static void largest_of_everything(void **state)
{
    sp_card_grade grade = {.name = SP_TEXT(NASTY), .price = SP_PRICE_MAX, .seats_count = 200000};
    grade.rows_count = 1;
    sp_seat first[] = {0, 200000};
    sp_seat seat = 199999;
    sp_concert_card large = {.id = UINT32_MAX,
                             .spec = {.name = SP_TEXT(NASTY), .concert_date = SP_TIME_MAX},
                             .grades = &grade,
                             .row_first_seat = first,
                             .rows_count = 1,
                             .seats_count = 200000};
    sp_order_view order = {.id = UINT32_MAX,
                           .concert = UINT32_MAX,
                           .status = SP_ORDER_CANCEL,
                           .amount = -SP_POINTS_TOTAL_MAX,
                           .created_at = SP_TIME_MAX,
                           .cancelled_at = SP_TIME_MAX,
                           .seq = UINT64_MAX,
                           .seats = &seat,
                           .seats_count = 1};
    sp_hold_view hold = {.id = UINT32_MAX,
                         .concert = UINT32_MAX,
                         .amount = SP_POINTS_TOTAL_MAX,
                         .expires_at = SP_TIME_MAX,
                         .seq = UINT64_MAX,
                         .seats = &seat,
                         .seats_count = 1};
    sp_seat_conflict conflict = {seat, SP_SEAT_HELD, UINT64_MAX};
    (void)state;
    large.spec.grades_count = 1;
    begin();
    sp_encode_order(writer, &order, &large);
    sp_json_end(writer);
    assert_string_equal(
        written(),
        "{\"id\":\"4294967295\",\"concertId\":\"4294967295\",\"concertName\":\"" NASTY_ESCAPED
        "\",\"concertDate\":\"9999-12-31T23:59:59.999Z\",\"status\":\"CANCEL\","
        "\"amount\":-9007199254740991,\"seats\":[{\"seat\":199999,\"label\":\"" NASTY_ESCAPED
        " 1-200000\",\"grade\":\"" NASTY_ESCAPED "\",\"price\":1000000000}],"
        "\"createdAt\":\"9999-12-31T23:59:59.999Z\",\"cancelledAt\":"
        "\"9999-12-31T23:59:59.999Z\",\"seq\":18446744073709551615}");
    begin();
    sp_encode_conflict(writer, &conflict, &large);
    sp_json_end(writer);
    assert_string_equal(written(), "{\"seat\":199999,\"label\":\"" NASTY_ESCAPED
                                   " 1-200000\",\"state\":\"held\","
                                   "\"seq\":18446744073709551615}");
    begin();
    sp_encode_orphan(writer, seat, &large);
    sp_json_end(writer);
    assert_string_equal(written(), "{\"seat\":199999,\"label\":\"" NASTY_ESCAPED " 1-200000\"}");
    sp_out_close(&out);
    begin();
    sp_encode_hold(writer, &hold, &large);
    sp_json_end(writer);
    assert_string_equal(written(),
                        "{\"holdId\":\"4294967295\",\"concertId\":\"4294967295\",\"seats\":"
                        "[{\"seat\":199999,\"label\":\"" NASTY_ESCAPED
                        " 1-200000\",\"grade\":\"" NASTY_ESCAPED "\",\"price\":1000000000}],"
                        "\"amount\":9007199254740991,\"expiresAt\":\"9999-12-31T23:59:59.999Z\","
                        "\"seq\":18446744073709551615}");
}

/* Names of nothing but control characters, six bytes for each of theirs, and
 * orders of 100 seats: the buffer grows in the middle; a parser must read it. */
static void grown_in_the_middle(void **state)
{
    static const char controls[SP_CONCERT_NAME_SIZE_MAX] = {1, 2, 3};
    static sp_seat seats[SP_SEATS_PER_ORDER_MAX];
    sp_card_grade grade = {{controls, SP_GRADE_NAME_SIZE_MAX}, 7, 0, 100, 0, 2};
    sp_seat first[] = {0, 50, 100};
    sp_concert_card long_card = {.id = 7,
                                 .spec = {.name = {controls, sizeof controls}},
                                 .grades = &grade,
                                 .row_first_seat = first,
                                 .rows_count = 2,
                                 .seats_count = 100};
    sp_json_reader *reader = sp_json_reader_create();
    assert_non_null(reader);
    (void)state;
    for (uint32_t count = 1; count <= SP_SEATS_PER_ORDER_MAX; count++) {
        sp_order_view order = {.id = 1, .concert = 7, .created_at = 1, .seats = seats};
        const char *why;
        order.status = SP_ORDER_PAYMENT;
        order.seats_count = count;
        seats[count - 1] = count - 1;
        sp_out_close(&out); /* from nothing, so that it grows */
        begin();
        sp_encode_order(writer, &order, &long_card);
        sp_json_end(writer);
        const sp_json_node *root =
            sp_json_read(reader, (sp_text){out.bytes, (uint32_t)out.size}, &why);
        if (!root)
            fail_msg("%u seats: %s", count, why);
        assert_int_equal(root->count, 10);
        const sp_json_node *name = sp_json_node_at(reader, root->first); /* id, concertId, it */
        for (int i = 0; i < 2; i++)
            name = sp_json_node_at(reader, name->next);
        assert_int_equal(name->text.size, sizeof controls);
        assert_memory_equal(name->text.bytes, controls, sizeof controls);
    }
    sp_json_reader_destroy(reader);
}

static int set_up(void **state)
{
    (void)state;
    sp_out_init(&out);
    writer = sp_json_writer_create();
    return writer ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_json_writer_destroy(writer);
    sp_out_close(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(users),
        cmocka_unit_test(orders),
        cmocka_unit_test(holds),
        cmocka_unit_test(orders_of_a_concert),
        cmocka_unit_test(ledgers),
        cmocka_unit_test(concerts),
        cmocka_unit_test(seat_maps),
        cmocka_unit_test(expands_like_a_loop),
        cmocka_unit_test(rows_of_all_lengths),
        cmocka_unit_test(largest_of_everything),
        cmocka_unit_test(grown_in_the_middle),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
