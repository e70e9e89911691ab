/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "engine/views.h"
#include "tests/engine/stage.h"

#define WORDS 3u /* of the stage's concert */

static void expect_words(const sp_views *views, const sp_state *state, sp_seq seq)
{
    uint64_t sold[WORDS], held[WORDS];

    assert_int_equal(sp_views_seats(views, sp_views_card(views, 1), sold, held), seq);
    assert_memory_equal(sold, sp_state_sold_words(state, 1), sizeof(sold));
    assert_memory_equal(held, sp_state_held_words(state, 1), sizeof(held));
}

static void nothing_shows_before_it_is_published(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);

    assert_non_null(views);
    assert_int_equal(sp_views_seq(views), 0);
    assert_int_equal(sp_views_concerts_count(views), 0);
    assert_null(sp_views_card(views, 1));
    assert_null(sp_views_card(views, 0));
    assert_null(sp_views_category(views, 1).bytes);
    assert_int_equal(sp_views_concert_seq(views, 1), 0);
    sp_views_publish_all(views, stage.state);
    assert_int_equal(sp_views_seq(views), sp_state_seq(stage.state));
    assert_int_equal(sp_views_concerts_count(views), 1);
    assert_int_equal(sp_views_categories_count(views), 1);
    assert_true(sp_text_equal(sp_views_category(views, 1), SP_TEXT("Classic")));
    assert_ptr_equal(sp_views_card(views, 1), sp_state_concert(stage.state, 1));
    assert_null(sp_views_card(views, 2));
    expect_words(views, stage.state, sp_state_concert_seq(stage.state, 1));
    sp_views_destroy(views);
    stage_close(&stage);
}

static void published_events_add_up_to_the_state(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);
    sp_concert_spec spec = stage_spec();

    assert_int_equal(stage_order(&stage, BUYER, SEATS(1)), SP_OK);
    sp_views_publish_all(views, stage.state);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(2, 63, 64)), SP_OK);
    sp_views_publish_event(views, stage.state, &stage.event);
    sp_views_publish_changes(views, stage.state, &stage.changes);
    expect_words(views, stage.state, stage.event.seq);
    assert_int_equal(stage_cancel(&stage, BUYER, 1, NULL), SP_OK);
    sp_views_publish_event(views, stage.state, &stage.event);
    sp_views_publish_changes(views, stage.state, &stage.changes);
    expect_words(views, stage.state, stage.event.seq);
    assert_int_equal(sp_views_concert_seq(views, 1), stage.event.seq);
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_views_publish_event(views, stage.state, &stage.event);
    sp_views_publish_changes(views, stage.state, &stage.changes);
    assert_int_equal(sp_views_concert_seq(views, 2), stage.event.seq);
    assert_int_equal(sp_views_concerts_count(views), 2);
    assert_int_equal(stage_category(&stage, ADMIN, "Jazz"), SP_OK);
    sp_views_publish_event(views, stage.state, &stage.event);
    sp_views_publish_changes(views, stage.state, &stage.changes);
    assert_true(sp_text_equal(sp_views_category(views, 2), SP_TEXT("Jazz")));
    sp_views_destroy(views);
    stage_close(&stage);
}

/* A batch is applied as a whole before its events are published one by one:
 * the map of each step must be that of its seq, not of the batch's end. */
static void a_map_is_of_its_seq_within_a_batch(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);
    uint64_t sold[WORDS], held[WORDS];

    sp_views_publish_all(views, stage.state);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    sp_event first = stage.event;
    sp_changes first_changes;
    assert_true(sp_changes_init(&first_changes, 1));
    memcpy(first_changes.words, stage.changes.words, stage.changes.size * sizeof(uint32_t));
    first_changes.size = stage.changes.size;
    assert_int_equal(stage_order(&stage, OTHER, SEATS(1)), SP_OK);
    sp_views_publish_event(views, stage.state, &first);
    sp_views_publish_changes(views, stage.state, &first_changes);
    assert_int_equal(sp_views_seats(views, sp_views_card(views, 1), sold, held), first.seq);
    assert_int_equal(sold[0], 1);
    sp_views_publish_event(views, stage.state, &stage.event);
    sp_views_publish_changes(views, stage.state, &stage.changes);
    expect_words(views, stage.state, stage.event.seq);
    sp_changes_close(&first_changes);
    sp_views_destroy(views);
    stage_close(&stage);
}

static void counts_are_of_the_range(void **unused)
{
    (void)unused;
    const uint64_t sold[2] = {UINT64_C(1) << 63 | 1, 1}, held[2] = {2, 2};

    sp_seat_counts counts = sp_seats_count(sold, held, 0, 128);
    assert_int_equal(counts.sold, 3);
    assert_int_equal(counts.held, 2);
    assert_int_equal(counts.free, 123);
    counts = sp_seats_count(sold, held, 63, 3);
    assert_int_equal(counts.sold, 2);
    assert_int_equal(counts.held, 1);
    assert_int_equal(counts.free, 0);
    counts = sp_seats_count(sold, held, 5, 0);
    assert_int_equal(counts.free + counts.held + counts.sold, 0);
}

/* Two threads. The writer sells seats 0 and 128 in one order (two words of one
 * event) and cancels it, over and over. A reader that ever sees one without
 * the other, or words that are not those of the seq it was given, has seen a
 * torn map. */
#define ROUNDS 20000u

typedef struct reading {
    const sp_views *views;
    sp_seq first_seq; /* of the first order */
    _Atomic bool started, done;
    uint32_t maps_count, torn_count, backwards_count;
} reading;

static void *read_maps(void *argument)
{
    reading *r = argument;
    const sp_concert_card *card = sp_views_card(r->views, 1);
    sp_seq last = 0;

    do {
        uint64_t sold[WORDS], held[WORDS];
        sp_seq published = sp_views_seq(r->views);
        sp_seq seq = sp_views_seats(r->views, card, sold, held);
        bool want = seq >= r->first_seq && (seq - r->first_seq) % 2 == 0;
        r->torn_count += sold[0] != want || sold[2] != want || sold[1] || held[0];
        r->backwards_count += seq < last || seq < published;
        last = seq;
        r->maps_count++;
        atomic_store(&r->started, true);
    } while (!atomic_load(&r->done));
    return NULL;
}

static void readers_never_see_half_an_order(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.orders_max = ROUNDS;
    limits.order_seats_max = 2 * ROUNDS;
    struct stage stage = stage_make_with(&limits);
    sp_views *views = sp_views_create(&limits, NULL);
    pthread_t thread;

    sp_views_publish_all(views, stage.state);
    reading r = {.views = views, .first_seq = sp_state_seq(stage.state) + 1};
    assert_int_equal(pthread_create(&thread, NULL, read_maps, &r), 0);
    while (!atomic_load(&r.started))
        sched_yield();
    for (uint32_t round = 1; round <= ROUNDS; round++) {
        assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 128)), SP_OK);
        sp_views_publish_event(views, stage.state, &stage.event);
        sp_views_publish_changes(views, stage.state, &stage.changes);
        sp_views_publish_seq(views, stage.event.seq);
        assert_int_equal(stage_cancel(&stage, BUYER, round, NULL), SP_OK);
        sp_views_publish_event(views, stage.state, &stage.event);
        sp_views_publish_changes(views, stage.state, &stage.changes);
        sp_views_publish_seq(views, stage.event.seq);
    }
    atomic_store(&r.done, true);
    pthread_join(thread, NULL);
    assert_int_equal(r.torn_count, 0);
    assert_int_equal(r.backwards_count, 0);
    sp_views_destroy(views);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_shows_before_it_is_published),
        cmocka_unit_test(published_events_add_up_to_the_state),
        cmocka_unit_test(a_map_is_of_its_seq_within_a_batch),
        cmocka_unit_test(counts_are_of_the_range),
        cmocka_unit_test(readers_never_see_half_an_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
