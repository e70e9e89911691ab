/* SPDX-License-Identifier: MIT
 *
 * What watchers are told of a concert that is itself changed: edited, paused, given
 * other seats, cancelled.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "net/seat_texts.h"

#include "tests/net/seat_hall.h"
#include "tests/support/fake_clock.h"

#define SEATS_COUNT 2000u

static struct hall hall;
static sp_seat_texts texts;
static sp_fake_clock fake_clock;

static int set_up(void **state)
{
    (void)state;
    hall = hall_make(SEATS_COUNT);
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

static void give(const sp_command *command)
{
    if (!hall_give(&hall, command))
        fail_msg("refused: %d", hall.stage.outcome);
}

static void set_sale(sp_command_type type)
{
    sp_command command = stage_command(type, HOST);
    command.concert_pause.concert = HALL_CONCERT;
    give(&command);
}

static void edit(uint32_t fields, sp_concert_spec spec)
{
    sp_concert_patch patch = {fields, spec};
    sp_command command = stage_command(SP_COMMAND_CONCERT_EDIT, HOST);
    command.concert_edit.concert = HALL_CONCERT;
    command.concert_edit.patch = &patch;
    give(&command);
}

static void rename_to(sp_text name)
{
    edit(1u << SP_PATCH_NAME, (sp_concert_spec){.name = name});
}

static void give_seats(uint32_t seats_count)
{
    sp_grade_spec grade = {SP_TEXT("A"), 0, &seats_count, 1};
    hall.seats_count = seats_count;
    edit(1u << SP_PATCH_GRADES, (sp_concert_spec){.grades = &grade, .grades_count = 1});
}

static const char *since(sp_seq after, sp_seq *seq)
{
    static char text[4096];
    sp_text told = sp_seat_texts_since(&texts, HALL_CONCERT, after, hall_seq(&hall), seq);
    assert_in_range(told.size, 0, sizeof text - 1);
    if (told.size > 0)
        memcpy(text, told.bytes, told.size);
    text[told.size] = '\0';
    return text;
}

/* After `after`: what `format` makes of the concert's seq, again and again. */
static void expect(sp_seq after, const char *format)
{
    char wanted[4096];
    sp_seq seq;
    int s = (int)hall_seq(&hall);
    snprintf(wanted, sizeof wanted, format, s, s, s, s);
    const char *told = since(after, &seq);
    if (strcmp(told, wanted) != 0)
        fail_msg("wanted %s\ngot %s", wanted, told);
    assert_int_equal(seq, hall_seq(&hall));
}

#define CONCERT(status) "event: concert\ndata: {\"seq\":%d,\"status\":\"" status "\"}\n\n"
#define CHANGES(taken, held, freed)                                                 \
    "event: seats\nid: %d\ndata: {\"seq\":%d,\"taken\":[" taken "],\"held\":[" held \
    "],\"freed\":[" freed "]}\n\n"

static void a_change_of_the_concert_is_an_event_before_the_seats(void **state)
{
    (void)state;
    sp_seq begin = hall_seq(&hall);
    set_sale(SP_COMMAND_CONCERT_PAUSE);
    expect(begin, CONCERT("PAUSED") CHANGES("", "", ""));
    set_sale(SP_COMMAND_CONCERT_RESUME);
    hall_take(&hall, SEATS(3, 5));
    expect(begin, CONCERT("ON_SALE") CHANGES("3,5", "", ""));
    expect(begin + 1, CONCERT("ON_SALE") CHANGES("3,5", "", ""));
    expect(begin + 2, CHANGES("3,5", "", ""));
    expect(begin + 3, "");
    rename_to(SP_TEXT("B"));
    expect(begin + 3, CONCERT("ON_SALE") CHANGES("", "", ""));
    expect(begin + 2, CONCERT("ON_SALE") CHANGES("3,5", "", ""));
}

static void cancelling_frees_all_in_one(void **state)
{
    (void)state;
    hall_take(&hall, SEATS(3, 5));
    sp_command command = stage_command(SP_COMMAND_HOLD_TAKE, BUYER);
    command.hold_take.concert = HALL_CONCERT;
    command.hold_take.seats_count = 1;
    give(&command);
    sp_seq before = hall_seq(&hall);
    set_sale(SP_COMMAND_CONCERT_CANCEL);
    expect(before, CONCERT("CANCELLED") CHANGES("", "", "0,3,5"));
    expect(before + 1, "");
}

static void a_map_of_many_changes_comes_behind_it(void **state)
{
    sp_seq seq, begin = hall_seq(&hall);
    (void)state;
    for (sp_seat seat = 1000; seat < 1500; seat += 4) {
        sp_seat seats[] = {seat, seat + 1, seat + 2, seat + 3};
        hall_take(&hall, seats, 4);
    }
    sp_seq sold = hall_seq(&hall);
    set_sale(SP_COMMAND_CONCERT_CANCEL);
    char wanted[128];
    snprintf(wanted, sizeof wanted, CONCERT("CANCELLED") "event: map\nid: %d\n",
             (int)hall_seq(&hall), (int)hall_seq(&hall));
    assert_ptr_equal(strstr(since(sold, &seq), wanted), since(sold, &seq));
    assert_ptr_equal(strstr(since(begin, &seq), wanted), since(begin, &seq));
}

/* The map of before is of no use. */
static void other_seats_are_a_reset_and_a_map(void **state)
{
    (void)state;
    sp_seq seq, begin = hall_seq(&hall);
    give_seats(5);
    expect(begin, CONCERT("ON_SALE") "event: reset\ndata: {}\n\n"
                                     "event: map\nid: %d\ndata: {\"seq\":%d,\"status\":\".....\"}"
                                     "\n\n");
    expect(begin + 1, "");
    sp_text map = sp_seat_texts_map(&texts, HALL_CONCERT, &seq);
    assert_non_null(strstr(map.bytes, "\"status\":\".....\""));
    hall_take(&hall, SEATS(4));
    expect(begin, CONCERT("ON_SALE") "event: reset\ndata: {}\n\n"
                                     "event: map\nid: %d\ndata: {\"seq\":%d,\"status\":\"....x\"}"
                                     "\n\n");
    expect(begin + 1, CHANGES("4", "", ""));
}

/* A text that is kept for others says what is, not what was when it was made. */
static void a_kept_status_is_good_as_long_as_it_is_right(void **state)
{
    (void)state;
    sp_seq begin = hall_seq(&hall);
    edit(1u << SP_PATCH_START_DATE, (sp_concert_spec){.start_date = STAGE_NOW + 1000});
    expect(begin, CONCERT("UPCOMING") CHANGES("", "", ""));
    sp_fake_clock_advance(&fake_clock, 999);
    expect(begin, CONCERT("UPCOMING") CHANGES("", "", ""));
    assert_int_equal(texts.encoded_count, 1);
    sp_fake_clock_advance(&fake_clock, 1);
    expect(begin, CONCERT("ON_SALE") CHANGES("", "", ""));
    sp_fake_clock_advance(&fake_clock, STAGE_ENDS - STAGE_NOW - 1001);
    expect(begin, CONCERT("ON_SALE") CHANGES("", "", ""));
    assert_int_equal(texts.encoded_count, 2);
    sp_fake_clock_advance(&fake_clock, 1);
    expect(begin, CONCERT("CLOSED") CHANGES("", "", ""));
    sp_fake_clock_advance(&fake_clock, 100000000);
    expect(begin, CONCERT("CLOSED") CHANGES("", "", ""));
    assert_int_equal(texts.encoded_count, 3);
}

/* ---- A loop that encodes while a host changes his seats, and back ---- */

#define LAYOUTS 1200u

/* Of each seq, how many seats there were: written before it is published. */
static _Atomic uint32_t seats_at[HALL_SEQS_MAX];
static _Atomic bool started, done;

/* Whatever is read must be whole: a map of its seq, from a reader's own seq. */
static void *read_events(void *argument)
{
    uint32_t *wrong_count = argument;
    sp_seat_texts own;
    sp_seq mine = hall_seq(&hall), seq;
    sp_seat_texts_init(&own, hall.views, &fake_clock.clock);
    for (uint32_t round = 0; !atomic_load(&done); round++) {
        sp_seq at_least = sp_views_concert_seq(hall.views, HALL_CONCERT);
        sp_text text = round % 3 == 0
                           ? sp_seat_texts_map(&own, HALL_CONCERT, &seq)
                           : sp_seat_texts_since(&own, HALL_CONCERT, mine, at_least, &seq);
        char *copy = strndup(text.bytes ? text.bytes : "", text.size);
        const char *map = strstr(copy, "event: map\n");
        const char *seats = map ? strstr(map, "\"status\":\"") + 10 : NULL;
        bool was_lost = strstr(copy, "event: reset\n") != NULL;
        if (seq < at_least || (map && strspn(seats, ".") != atomic_load(&seats_at[seq])))
            ++*wrong_count;
        if (round % 3 != 0 && was_lost != (seats_at[mine] != seats_at[seq]))
            ++*wrong_count;
        free(copy);
        mine = seq;
        atomic_store(&started, true);
    }
    sp_seat_texts_close(&own);
    return NULL;
}

static void no_reader_meets_a_layout_that_is_not_of_its_seq(void **state)
{
    pthread_t thread;
    uint32_t wrong_count = 0;
    (void)state;
    atomic_store(&seats_at[hall_seq(&hall)], SEATS_COUNT);
    atomic_store(&done, false);
    atomic_store(&started, false);
    assert_int_equal(pthread_create(&thread, NULL, read_events, &wrong_count), 0);
    while (!atomic_load(&started))
        sched_yield();
    for (uint32_t i = 0; i < LAYOUTS; i++) {
        /* Each count once, so that other seats are never as many; some need a new place. */
        uint32_t seats_count = (i % 2 ? 100 : 3000) + i;
        sp_seq next = sp_state_seq(hall.stage.state) + 1;
        atomic_store(&seats_at[next], seats_count);
        give_seats(seats_count);
        atomic_store(&seats_at[next + 1], seats_count);
        set_sale(i % 2 ? SP_COMMAND_CONCERT_PAUSE : SP_COMMAND_CONCERT_RESUME);
    }
    atomic_store(&done, true);
    pthread_join(thread, NULL);
    assert_int_equal(wrong_count, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_change_of_the_concert_is_an_event_before_the_seats),
        TEST(cancelling_frees_all_in_one),
        TEST(a_map_of_many_changes_comes_behind_it),
        TEST(other_seats_are_a_reset_and_a_map),
        TEST(a_kept_status_is_good_as_long_as_it_is_right),
        TEST(no_reader_meets_a_layout_that_is_not_of_its_seq),
    };
    return cmocka_run_group_tests_name("seat changes", tests, NULL, NULL);
}
