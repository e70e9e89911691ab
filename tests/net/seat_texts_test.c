/* SPDX-License-Identifier: MIT */
#include "net/seat_texts.h"

#include "net/seat_events.h"
#include "tests/net/seat_hall.h"
#include "tests/support/fake_clock.h"

static struct hall hall;
static sp_seat_texts texts;
static sp_fake_clock fake_clock;

static int set_up(void **state)
{
    (void)state;
    hall = hall_make(2000);
    sp_fake_clock_init(&fake_clock, STAGE_NOW);
    sp_seat_texts_init(&texts, hall.views, &fake_clock.clock);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sp_seat_texts_close(&texts);
    hall_close(&hall);
    return 0;
}

static void expect(sp_text text, const char *wanted)
{
    if (text.size != strlen(wanted) || memcmp(text.bytes, wanted, text.size) != 0)
        fail_msg("wanted %s\ngot %.*s", wanted, (int)text.size, text.bytes ? text.bytes : "");
}

static void changes_are_sorted_by_what_they_are(void **state)
{
    static const sp_seat_now seats[] = {{0, SP_SEAT_SOLD},  {9, SP_SEAT_HELD},
                                        {10, SP_SEAT_FREE}, {11, SP_SEAT_SOLD},
                                        {99, SP_SEAT_FREE}, {100, SP_SEAT_SOLD}};
    sp_out out;
    (void)state;
    sp_out_init(&out);
    sp_seat_event_changes(&out, 77, seats, 6);
    expect((sp_text){out.bytes, (uint32_t)out.size},
           "event: seats\nid: 77\n"
           "data: {\"seq\":77,\"taken\":[0,11,100],\"held\":[9],\"freed\":[10,99]}\n\n");
    sp_out_clear(&out);
    sp_seat_event_changes(&out, INT64_MAX, seats + 1, 1);
    expect((sp_text){out.bytes, (uint32_t)out.size},
           "event: seats\nid: 9223372036854775807\n"
           "data: {\"seq\":9223372036854775807,\"taken\":[],\"held\":[9],\"freed\":[]}\n\n");
    sp_out_close(&out);
}

static void maps_are_whole(void **state)
{
    const uint64_t sold[] = {1, 0}, held[] = {2, 1};
    sp_concert_card card = {.id = 1, .seats_count = 66};
    sp_out out;
    (void)state;
    sp_out_init(&out);
    sp_seat_event_map(&out, &card, 5, sold, held);
    expect((sp_text){out.bytes, (uint32_t)out.size},
           "event: map\nid: 5\ndata: {\"seq\":5,\"status\":\"xh"
           "..............................................................h.\"}\n\n");
    sp_out_close(&out);
}

static void retries_are_spread(void **state)
{
    unsigned low = 0, high = 0;
    (void)state;
    for (int i = 0; i < 200; i++) {
        unsigned ms;
        sp_out out;
        sp_out_init(&out);
        sp_seat_event_retry(&out, 1000, 5000);
        sp_out_bytes(&out, "", 1);
        assert_int_equal(sscanf(out.bytes, "retry: %u\n\n", &ms), 1);
        assert_in_range(ms, 1000, 5000);
        low += ms < 3000;
        high += ms >= 3000;
        sp_out_close(&out);
    }
    assert_true(low > 20 && high > 20);
}

/* The same text for all who ask for the same, until the concert has moved on. */
static void one_text_for_many(void **state)
{
    sp_seq seq, begin = hall_seq(&hall);
    (void)state;
    hall_take(&hall, SEATS(3, 4));
    const char *first = sp_seat_texts_map(&texts, HALL_CONCERT, &seq).bytes;
    assert_int_equal(seq, hall_seq(&hall));
    for (int i = 0; i < 100; i++)
        assert_ptr_equal(sp_seat_texts_map(&texts, HALL_CONCERT, &seq).bytes, first);
    assert_int_equal(texts.encoded_count, 1);
    sp_text changes = sp_seat_texts_since(&texts, HALL_CONCERT, begin, seq, &seq);
    for (int i = 0; i < 100; i++)
        assert_ptr_equal(sp_seat_texts_since(&texts, HALL_CONCERT, begin, seq, &seq).bytes, changes.bytes);
    assert_int_equal(texts.encoded_count, 2);
    hall_take(&hall, SEATS(5));
    /* Good for who needs no more than that; old for who does. */
    sp_seat_texts_since(&texts, HALL_CONCERT, begin, seq, &seq);
    assert_int_equal(texts.encoded_count, 2);
    assert_int_equal(seq, hall_seq(&hall) - 1);
    changes = sp_seat_texts_since(&texts, HALL_CONCERT, begin, hall_seq(&hall), &seq);
    assert_int_equal(seq, hall_seq(&hall));
    assert_non_null(strstr(changes.bytes, "\"taken\":[3,4,5]"));
    sp_text map = sp_seat_texts_map(&texts, HALL_CONCERT, &seq);
    assert_int_equal(seq, hall_seq(&hall));
    assert_non_null(strstr(map.bytes, "\"...xxx..."));
    assert_int_equal(texts.encoded_count, 4);
}

static void nothing_has_no_text(void **state)
{
    sp_seq seq;
    (void)state;
    sp_text text = sp_seat_texts_since(&texts, HALL_CONCERT, hall_seq(&hall), hall_seq(&hall), &seq);
    assert_null(text.bytes);
    assert_int_equal(text.size, 0);
    assert_int_equal(seq, hall_seq(&hall));
}

/* Many changes are a map; few are not, even if a map were shorter. */
static void the_shorter_goes(void **state)
{
    sp_seq seq, begin = hall_seq(&hall);
    (void)state;
    for (sp_seat seat = 1000; seat < 1400; seat++) {
        hall_take(&hall, &seat, 1);
        sp_text text = sp_seat_texts_since(&texts, HALL_CONCERT, begin, hall_seq(&hall), &seq);
        bool is_map = memcmp(text.bytes, "event: map\n", 11) == 0;
        uint32_t size = 90 + (seat - 999) * 5;
        assert_int_equal(is_map, size > 2090);
        assert_in_range(text.size, 1, 2100);
    }
}

static void the_least_used_gives_way(void **state)
{
    sp_seq seq, begin = hall_seq(&hall), end;
    (void)state;
    for (sp_seat seat = 0; seat < 3 * SP_SEAT_TEXTS_COUNT; seat++)
        hall_take(&hall, &seat, 1);
    end = hall_seq(&hall);
    for (sp_seq after = begin; after < end; after++) {
        sp_seat_texts_since(&texts, HALL_CONCERT, after, end, &seq);
        sp_seat_texts_since(&texts, HALL_CONCERT, begin, end, &seq); /* of most */
    }
    assert_int_equal(texts.encoded_count, end - begin);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_are_sorted_by_what_they_are),
        cmocka_unit_test(maps_are_whole),
        cmocka_unit_test(retries_are_spread),
        TEST(one_text_for_many),
        TEST(nothing_has_no_text),
        TEST(the_shorter_goes),
        TEST(the_least_used_gives_way),
    };
    return cmocka_run_group_tests_name("seat texts", tests, NULL, NULL);
}
