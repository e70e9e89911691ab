/* SPDX-License-Identifier: MIT */
#include "net/seat_watch.h"

#include "tests/net/fake_time.h"
#include "tests/net/seat_hall.h"
#include "tests/support/fake_clock.h"

static struct hall hall;
static sp_seat_watch *watch;
static sp_pulses pulses;
static sp_fake_clock fake_clock;

/* One who watches: his stream, and the map that he has made of what he was told. */
typedef struct viewer {
    fake_stream stream;
    sp_watcher *watcher; /* NULL: he does not */
    char *map;
    sp_seq seq;
    uint32_t events_count, comments_count;
} viewer;

static int set_up(void **state)
{
    (void)state;
    memset(&fake_time, 0, sizeof fake_time);
    fake_time.now_ns = 5000000000;
    watch = NULL;
    sp_fake_clock_init(&fake_clock, STAGE_NOW);
    sp_pulses_init(&pulses, NULL);
    hall = hall_make(1000);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    assert_null(watch);
    assert_int_equal(fake_timers_count(), 0);
    hall_close(&hall);
    return 0;
}

static void come_to(viewer *v, sp_concert_id concert, sp_seq seq)
{
    sp_seat_watch *made = sp_seat_watch_of(&watch, hall.views, &fake_clock.clock, &pulses);
    sp_out_init(&v->stream.told);
    v->watcher = sp_watcher_create(made, concert, seq);
    sp_watcher_enter(v->watcher, &v->stream.stream);
}

static void come_late(viewer *v, sp_seq seq)
{
    sp_out_init(&v->stream.told);
    v->seq = seq;
    v->watcher = sp_watcher_create_late(watch, HALL_CONCERT, seq);
    sp_watcher_enter(v->watcher, &v->stream.stream);
}

/* With the map of now. */
static void come(viewer *v)
{
    come_to(v, HALL_CONCERT, hall_seq(&hall));
    free(v->map);
    v->seq = hall_seq(&hall);
    v->map = strdup(hall.maps[v->seq]);
}

static void go(viewer *v)
{
    sp_watcher_leave(v->watcher);
    v->watcher = NULL;
    sp_out_close(&v->stream.told);
}

static void put_seats(viewer *v, const char *list, char character)
{
    assert_non_null(list);
    for (list = strchr(list, '[') + 1; *list != ']'; list += *list == ',')
        v->map[strtoul(list, (char **)(uintptr_t)&list, 10)] = character;
}

static const char *take_event(viewer *v, const char *at)
{
    char name[8];
    unsigned long long seq, id;
    int size;
    if (sscanf(at, "event: %7[a-z]\nid: %llu\ndata: {\"seq\":%llu%n", name, &id, &seq, &size) != 3)
        fail_msg("no event: %s", at);
    assert_int_equal(id, seq);
    assert_true(seq > v->seq);
    v->seq = seq;
    v->events_count++;
    const char *end = strstr(at, "\n\n");
    assert_non_null(end);
    if (strcmp(name, "map") == 0) {
        memcpy(v->map, strstr(at, "\"status\":\"") + 10, hall.seats_count);
    } else {
        assert_string_equal(name, "seats");
        put_seats(v, strstr(at, "\"taken\":"), 'x');
        put_seats(v, strstr(at, "\"held\":"), 'h');
        put_seats(v, strstr(at, "\"freed\":"), '.');
    }
    if (!hall.maps[v->seq] || strcmp(v->map, hall.maps[v->seq]) != 0)
        fail_msg("not the map of %llu:\n%s\n%s", seq, v->map, hall.maps[v->seq]);
    return end + 2;
}

/* Takes what he was told into his map, which must then be that of its seq. */
static void look(viewer *v)
{
    sp_out *told = &v->stream.told;
    sp_out_bytes(told, "", 1);
    for (const char *at = told->bytes; *at;) {
        if (*at == ':') {
            assert_memory_equal(at, ":\n\n", 3);
            v->comments_count++;
            at += 3;
        } else {
            at = take_event(v, at);
        }
    }
    sp_out_clear(told);
}

static void forget(viewer *v)
{
    if (v->watcher)
        go(v);
    free(v->map);
    *v = (viewer){0};
}

static void all_are_told_what_has_changed(void **state)
{
    static viewer viewers[3];
    (void)state;
    for (int i = 0; i < 3; i++)
        come(&viewers[i]);
    fake_pass(1000);
    assert_int_equal(fake_time.writes_count, 0);
    hall_take(&hall, SEATS(1, 2));
    hall_take(&hall, SEATS(500));
    assert_int_equal(fake_time.writes_count, 0);
    fake_pass(SP_SEAT_TURN_MS);
    for (int i = 0; i < 3; i++) {
        look(&viewers[i]);
        assert_int_equal(viewers[i].events_count, 1);
        assert_int_equal(viewers[i].seq, hall_seq(&hall));
    }
    assert_int_equal(sp_seat_watch_texts(watch)->encoded_count, 1);
    fake_pass(1000);
    assert_int_equal(fake_time.writes_count, 3);
    for (int i = 0; i < 3; i++)
        forget(&viewers[i]);
}

/* Whatever happens in between, an event each SP_SEAT_TURN_MS at most. */
static void turns_have_an_interval(void **state)
{
    static viewer v;
    (void)state;
    come(&v);
    for (sp_seat seat = 0; seat < 500; seat++) {
        hall_take(&hall, &seat, 1);
        fake_pass(2);
    }
    look(&v);
    assert_in_range(v.events_count, 1000 / SP_SEAT_TURN_MS - 1, 1000 / SP_SEAT_TURN_MS);
    forget(&v);
}

static void other_concerts_are_others(void **state)
{
    static viewer here, there;
    (void)state;
    come(&here);
    come_to(&there, 1, sp_views_concert_seq(hall.views, 1));
    hall_take(&hall, SEATS(7));
    fake_pass(SP_SEAT_TURN_MS);
    look(&here);
    assert_int_equal(here.events_count, 1);
    assert_int_equal(there.stream.told.size, 0);
    go(&here);
    hall_take(&hall, SEATS(8));
    fake_pass(SP_SEAT_TURN_MS);
    assert_int_equal(there.stream.told.size, 0);
    assert_int_equal(stage_order(&hall.stage, BUYER, SEATS(64)), SP_OK);
    sp_views_publish_event(hall.views, hall.stage.state, &hall.stage.event);
    sp_views_publish_changes(hall.views, hall.stage.state, &hall.stage.changes);
    fake_pass(SP_SEAT_TURN_MS);
    sp_out_bytes(&there.stream.told, "", 1);
    assert_non_null(strstr(there.stream.told.bytes, "\"taken\":[64]"));
    forget(&here);
    forget(&there);
}

/* What was sold after his first events were made, and before he is entered, comes in
 * the next turn: nothing else may ever happen at this concert. */
static void who_comes_first_misses_nothing(void **state)
{
    static viewer v;
    (void)state;
    v.seq = hall_seq(&hall);
    v.map = strdup(hall.maps[v.seq]);
    hall_take(&hall, SEATS(3));
    come_to(&v, HALL_CONCERT, v.seq);
    fake_pass(SP_SEAT_TURN_MS);
    look(&v);
    assert_int_equal(v.events_count, 1);
    assert_int_equal(v.seq, hall_seq(&hall));
    forget(&v);
}

/* When thousands come at once only some are told at once; the others get the map, or
 * what they have missed, in the next turn, also where nothing happens any more. */
static void who_comes_in_a_crowd_is_told_in_turns(void **state)
{
    static viewer fresh, back, current;
    (void)state;
    hall_take(&hall, SEATS(3));
    sp_seq first = hall_seq(&hall);
    hall_take(&hall, SEATS(5));
    sp_seat_watch *made = sp_seat_watch_of(&watch, hall.views, &fake_clock.clock, &pulses);
    for (uint32_t i = 0; i < SP_SEAT_FIRSTS_PER_TURN; i++)
        assert_true(sp_seat_watch_takes_first(made));
    assert_false(sp_seat_watch_takes_first(made));
    come_late(&fresh, SP_SEAT_NO_MAP);
    come_late(&back, first);
    come_late(&current, hall_seq(&hall));
    back.map = strdup(hall.maps[first]);
    current.map = strdup(hall.maps[hall_seq(&hall)]);
    fresh.stream.slow = true;
    fake_pass(SP_SEAT_TURN_MS);
    assert_true(sp_seat_watch_takes_first(made)); /* another turn */
    assert_int_equal(fresh.stream.told.size, 0);
    look(&back);
    assert_int_equal(back.events_count, 1);
    assert_int_equal(back.seq, hall_seq(&hall));
    look(&current);
    assert_int_equal(current.events_count, 0);
    fresh.stream.slow = false;
    fake_pass(SP_SEAT_TURN_MS);
    sp_out_bytes(&fresh.stream.told, "", 1);
    assert_int_equal(strncmp(fresh.stream.told.bytes, "event: map\n", 11), 0);
    assert_non_null(strstr(fresh.stream.told.bytes, hall.maps[hall_seq(&hall)]));
    size_t told_size = fresh.stream.told.size;
    fake_pass(SP_SEAT_TURN_MS);
    assert_int_equal(fresh.stream.told.size, told_size); /* once */
    forget(&fresh);
    forget(&back);
    forget(&current);
}

/* Whichever concert is left by its last watcher, the turns go on at the others. */
static void concerts_come_and_go(void **state)
{
    static viewer stays, comes, others;
    (void)state;
    come(&stays);
    for (sp_seat seat = 0; seat < 20; seat++) {
        come_to(&others, 1, sp_views_concert_seq(hall.views, 1));
        fake_pass(30 * (seat % 5));
        hall_take(&hall, &seat, 1);
        go(&others);
        come(&comes);
        fake_pass(SP_SEAT_TURN_MS);
        look(&stays);
        assert_int_equal(stays.events_count, seat + 1);
        come_to(&others, 1, sp_views_concert_seq(hall.views, 1));
        go(&comes);
        fake_pass(SP_SEAT_TURN_MS + seat % 3);
        go(&others);
    }
    forget(&stays);
    forget(&comes);
    forget(&others);
}

/* Passed over as long as he takes nothing, then told all of it at once, from his own
 * seq, although the concert has not moved on meanwhile; and no further. */
static void the_slow_are_told_once(void **state)
{
    static viewer slow, other;
    (void)state;
    come(&slow);
    come(&other);
    slow.stream.slow = true;
    for (sp_seat seat = 0; seat < 5; seat++) {
        hall_take(&hall, &seat, 1);
        fake_pass(SP_SEAT_TURN_MS);
    }
    look(&other);
    assert_int_equal(other.events_count, 5);
    assert_int_equal(slow.stream.told.size, 0);
    slow.stream.slow = false;
    fake_pass(SP_SEAT_TURN_MS);
    look(&slow);
    assert_int_equal(slow.events_count, 1);
    assert_int_equal(slow.seq, hall_seq(&hall));
    fake_pass(1000);
    assert_int_equal(fake_time.writes_count, 6);
    forget(&slow);
    forget(&other);
}

enum { CROWD = 300 };

/* Work stops after a slice, and then for nine times as long; the rest are told in
 * the slices that follow. */
static void pushing_has_a_tenth_of_the_time(void **state)
{
    static viewer crowd[CROWD];
    uint32_t slice_writes = SP_SEAT_SLICE_US / 20;
    (void)state;
    for (int i = 0; i < CROWD; i++)
        come(&crowd[i]);
    fake_time.write_ns = 20000;
    hall_take(&hall, SEATS(1));
    uint64_t began_ms = uv_now(NULL) + SP_SEAT_TURN_MS;
    fake_pass(SP_SEAT_TURN_MS);
    for (uint32_t told = slice_writes; told < CROWD; told += slice_writes) {
        assert_int_equal(fake_time.writes_count, told);
        assert_in_range(fake_time.pause_ms, 9 * SP_SEAT_SLICE_US / 1000,
                        9 * SP_SEAT_SLICE_US / 1000 + 1);
        fake_pass(fake_time.pause_ms);
    }
    assert_int_equal(fake_time.writes_count, CROWD);
    uint64_t took_ms = uv_now(NULL) - began_ms;
    assert_in_range(took_ms, 10 * CROWD / 50 - 10, 10 * CROWD / 50 + 15);
    for (int i = 0; i < CROWD; i++) {
        look(&crowd[i]);
        assert_int_equal(crowd[i].events_count, 1);
        forget(&crowd[i]);
    }
}

/* A turn that takes longer than its interval is followed by the next at once. */
static void the_interval_stretches(void **state)
{
    static viewer crowd[CROWD];
    (void)state;
    for (int i = 0; i < CROWD; i++)
        come(&crowd[i]);
    fake_time.write_ns = 100000; /* 30 ms a round, so one each 300 */
    for (sp_seat seat = 0; seat < 300; seat++) {
        hall_take(&hall, &seat, 1);
        fake_pass(10);
    }
    for (int i = 0; i < CROWD; i++) {
        look(&crowd[i]);
        assert_in_range(crowd[i].events_count, 7, 11);
        forget(&crowd[i]);
    }
}

/* In the middle of a round, from each of the lists, and the last one too. */
static void they_leave_when_they_like(void **state)
{
    static viewer crowd[CROWD];
    (void)state;
    for (int i = 0; i < CROWD; i++) {
        come(&crowd[i]);
        crowd[i].stream.slow = i % 7 == 0;
    }
    fake_time.write_ns = 20000;
    hall_take(&hall, SEATS(1));
    for (int i = 0; i < CROWD; i++) {
        fake_pass(1);
        go(&crowd[(i * 77) % CROWD]);
        if (i == CROWD / 2)
            hall_take(&hall, SEATS(2));
    }
    assert_null(watch);
    for (int i = 0; i < CROWD; i++)
        forget(&crowd[i]);
}

/* All that can happen, at random: each who watches has, at each event, the true map
 * of its seq; and when all is quiet, that of now. */
static void maps_are_true_at_every_seq(uint64_t seed)
{
    static viewer crowd[40];
    sp_random random;
    sp_random_seed(&random, seed);
    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 4000 && hall.stage.event.seq < HALL_SEQS_MAX - 1; i++) {
        viewer *v = &crowd[sp_random_below(&random, 40)];
        fake_time.write_ns = sp_random_below(&random, 100000);
        if (!v->watcher && (v->map == NULL || sp_random_once_in(&random, 2)))
            come(v);
        else if (!v->watcher)
            come_to(v, HALL_CONCERT, v->seq); /* resumes */
        else if (sp_random_once_in(&random, 3))
            go(v);
        else
            v->stream.slow = sp_random_once_in(&random, 2);
        if (v->watcher)
            look(v);
        for (uint64_t n = sp_random_below(&random, 4); n > 0; n--)
            hall_do_anything(&hall, &random);
        fake_pass(sp_random_below(&random, 60));
    }
    for (int i = 0; i < 40; i++)
        crowd[i].stream.slow = false;
    fake_pass(2000);
    uint32_t events_count = 0;
    for (int i = 0; i < 40; i++) {
        if (crowd[i].watcher) {
            look(&crowd[i]);
            assert_int_equal(crowd[i].seq, hall_seq(&hall));
        }
        events_count += crowd[i].events_count;
        forget(&crowd[i]);
    }
    assert_true(events_count > 1000);
}

static void maps_are_true(void **state)
{
    for (uint64_t seed = 1; seed <= 5; seed++) {
        maps_are_true_at_every_seq(seed);
        tear_down(state);
        set_up(state);
    }
}

/* A comment to each in each SP_PULSE_MS, not to all at once. */
static void all_hear_that_we_live(void **state)
{
    static viewer crowd[CROWD];
    (void)state;
    for (int i = 0; i < CROWD; i++)
        come(&crowd[i]);
    crowd[5].stream.slow = true;
    for (int tick = 0; tick < 150; tick++) {
        uint32_t before = fake_time.comments_count;
        fake_pass(SP_PULSE_TICK_MS);
        assert_in_range(fake_time.comments_count - before, 1, 2);
    }
    for (int i = 0; i < CROWD; i++) {
        look(&crowd[i]);
        assert_int_equal(crowd[i].comments_count, i != 5);
    }
    for (int i = 1; i < CROWD; i++)
        forget(&crowd[i]);
    fake_pass(10 * SP_PULSE_MS);
    look(&crowd[0]);
    assert_in_range(crowd[0].comments_count, 10, 11);
    forget(&crowd[0]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_are_told_what_has_changed),
        TEST(turns_have_an_interval),
        TEST(other_concerts_are_others),
        TEST(who_comes_first_misses_nothing),
        TEST(who_comes_in_a_crowd_is_told_in_turns),
        TEST(concerts_come_and_go),
        TEST(the_slow_are_told_once),
        TEST(pushing_has_a_tenth_of_the_time),
        TEST(the_interval_stretches),
        TEST(they_leave_when_they_like),
        TEST(maps_are_true),
        TEST(all_hear_that_we_live),
    };
    return cmocka_run_group_tests_name("seat watch", tests, NULL, NULL);
}
