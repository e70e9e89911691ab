/* SPDX-License-Identifier: MIT */
#include "net/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

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
    assert_string_equal(
        written(), "{\"id\":\"9\",\"email\":\"a@b\",\"nickname\":\"\xc3\xa9\",\"role\":\"HOST\","
                   "\"points\":-5,\"createdAt\":\"2026-01-01T00:00:00.000Z\"}");
    begin();
    sp_encode_user(writer, &user, NULL);
    assert_string_equal(written(),
                        "{\"id\":\"9\",\"email\":null,\"nickname\":null,\"role\":\"HOST\","
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
            sold[i] = sp_random_next(&random) & sp_random_next(&random);
            held[i] = sp_random_next(&random) & ~sold[i];
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
        cmocka_unit_test(concerts),
        cmocka_unit_test(seat_maps),
        cmocka_unit_test(expands_like_a_loop),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
