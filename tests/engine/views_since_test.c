/* SPDX-License-Identifier: MIT
 *
 * What has changed since a seq (sp_views_seats_since): whoever has the map of any seq
 * and puts it in has the map of now. With one thread at every seq, and with two (to
 * run under SAN=thread) while the seats change.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "engine/bitmap.h"
#include "engine/views.h"
#include "tests/engine/holds_stage.h"
#include "tests/support/random.h"

#define WORDS 3u /* of the stage's concert */

/* A map as a client has it. */
typedef struct seat_map {
    uint8_t states[STAGE_SEATS];
} seat_map;

static seat_map map_of_words(const uint64_t *sold, const uint64_t *held)
{
    seat_map map;
    for (sp_seat seat = 0; seat < STAGE_SEATS; seat++)
        map.states[seat] = sp_bitmap_has(sold, seat)   ? SP_SEAT_SOLD
                           : sp_bitmap_has(held, seat) ? SP_SEAT_HELD
                                                       : SP_SEAT_FREE;
    return map;
}

static seat_map map_of_state(const sp_state *state, sp_concert_id concert)
{
    return map_of_words(sp_state_sold_words(state, concert), sp_state_held_words(state, concert));
}

/* Brings a map of seq `after` up to date; its new seq. Ascending, and no seat twice. */
static sp_seq catch_up(const sp_views *views, sp_concert_id concert, sp_seq after, seat_map *map,
                       uint32_t *count)
{
    sp_seat_now changed[STAGE_SEATS];
    sp_seq seq = sp_views_seats_since(views, sp_views_card(views, concert), after, changed, count);
    for (uint32_t i = 0; i < *count; i++) {
        assert_true(i == 0 || changed[i].seat > changed[i - 1].seat);
        assert_true(changed[i].seat < STAGE_SEATS);
        map->states[changed[i].seat] = (uint8_t)changed[i].state;
    }
    return seq;
}

static void publish(const struct stage *stage, sp_views *views)
{
    sp_views_publish_event(views, stage->state, &stage->event);
    sp_views_publish_changes(views, stage->state, &stage->changes);
    sp_views_publish_seq(views, sp_state_seq(stage->state));
}

static void expect_since(const sp_views *views, sp_seq after, const sp_seat_now *want,
                         uint32_t want_count)
{
    sp_seat_now changed[STAGE_SEATS];
    uint32_t count;
    sp_views_seats_since(views, sp_views_card(views, 1), after, changed, &count);
    assert_int_equal(count, want_count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(changed[i].seat, want[i].seat);
        assert_int_equal(changed[i].state, want[i].state);
    }
}

static void each_change_is_told_as_it_is_now(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);
    sp_views_publish_all(views, stage.state);
    sp_seq made = sp_state_seq(stage.state);

    expect_since(views, 0, NULL, 0);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(3, 64)), SP_OK); /* made + 1 */
    publish(&stage, views);
    expect_since(views, made, (const sp_seat_now[]){{3, SP_SEAT_HELD}, {64, SP_SEAT_HELD}}, 2);
    expect_since(views, made + 1, NULL, 0);
    expect_since(views, UINT64_MAX, NULL, 0);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(129)), SP_OK); /* + 2 */
    publish(&stage, views);
    expect_since(views, made + 1, (const sp_seat_now[]){{129, SP_SEAT_SOLD}}, 1);
    stage.now++;
    assert_int_equal(hold_extend(&stage, BUYER, 1), SP_OK); /* + 3: no seat's */
    publish(&stage, views);
    assert_int_equal(sp_views_concert_seq(views, 1), made + 2);
    assert_int_equal(hold_buy(&stage, BUYER, 1), SP_OK); /* + 4 */
    publish(&stage, views);
    expect_since(views, made + 3, (const sp_seat_now[]){{3, SP_SEAT_SOLD}, {64, SP_SEAT_SOLD}}, 2);
    expect_since(views, made,
                 (const sp_seat_now[]){{3, SP_SEAT_SOLD}, {64, SP_SEAT_SOLD}, {129, SP_SEAT_SOLD}},
                 3);
    assert_int_equal(stage_cancel(&stage, BUYER, 2, NULL), SP_OK); /* + 5 */
    publish(&stage, views);
    expect_since(views, made + 4, (const sp_seat_now[]){{3, SP_SEAT_FREE}, {64, SP_SEAT_FREE}}, 2);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(3)), SP_OK); /* + 6 */
    publish(&stage, views);
    assert_int_equal(hold_release(&stage, BUYER, 2), SP_OK); /* + 7 */
    publish(&stage, views);
    expect_since(views, made + 5, (const sp_seat_now[]){{3, SP_SEAT_FREE}}, 1);
    expect_since(views, 0,
                 (const sp_seat_now[]){{3, SP_SEAT_FREE}, {64, SP_SEAT_FREE}, {129, SP_SEAT_SOLD}},
                 3);

    /* Published as a whole, after a restart, it tells the same. */
    sp_views *again = sp_views_create(&stage_limits, NULL);
    sp_views_publish_all(again, stage.state);
    for (sp_seq after = 0; after <= made + 7; after++) {
        sp_seat_now a[STAGE_SEATS], b[STAGE_SEATS];
        uint32_t a_count, b_count;
        assert_int_equal(sp_views_seats_since(views, sp_views_card(views, 1), after, a, &a_count),
                         sp_views_seats_since(again, sp_views_card(again, 1), after, b, &b_count));
        assert_int_equal(a_count, b_count);
        assert_memory_equal(a, b, a_count * sizeof *a);
    }
    sp_views_destroy(again);
    sp_views_destroy(views);
    stage_close(&stage);
}

/* --- random lives of seats --- */

#define HISTORY 1200u

/* Concerts that are free of charge, and on sale for as long as it takes. */
#define LIVELY 2u
#define LIVELIER 3u

/* One of the last eight ids. */
static uint32_t recent(sp_random *random, uint32_t newest)
{
    return newest - (uint32_t)sp_random_below(random, newest < 8 ? newest + 1 : 8);
}

/* Something of a hold or an order, whatever comes; false: it was refused. Few seats,
 * so that they change hands often. */
static bool live(struct stage *stage, sp_random *random)
{
    static const sp_seat places[] = {0, 1, 2, 62, 63, 64, 65, 127, 128, 129};
    sp_user_id actor = sp_random_once_in(random, 2) ? BUYER : OTHER;
    sp_seat first = (sp_seat)sp_random_below(random, 8);
    sp_command take = hold_command(actor, places + first, sp_random_below(random, 3) + 1);
    sp_hold_id hold = recent(random, sp_state_newest_hold(stage->state));
    take.hold_take.concert = sp_random_once_in(random, 2) ? LIVELY : LIVELIER;
    stage->now += (sp_time_ms)sp_random_below(random, HOLD_MS / 8);
    if (hold_expire(stage) > 0)
        return true;
    switch (sp_random_below(random, 7)) {
    case 0:
        return hold_release(stage, actor, hold) == SP_OK;
    case 1:
        return hold && hold_buy(stage, actor, hold) == SP_OK;
    case 2:
        return hold_extend(stage, actor, hold) == SP_OK;
    case 3:
        return stage_cancel(stage, actor, recent(random, sp_state_orders_count(stage->state)),
                            NULL) == SP_OK;
    case 4: {
        sp_command order = stage_order_command(actor, take.hold_take.seats, 1);
        order.order_create.concert = take.hold_take.concert;
        return stage_give(stage, &order) == SP_OK;
    }
    default:
        return stage_give(stage, &take) == SP_OK;
    }
}

static struct stage stage_of_lives(const sp_limits *limits)
{
    struct stage stage = stage_make_with(limits);
    static const uint32_t rows[] = {60, 10}, row[] = {60};
    static const sp_grade_spec grades[] = {{{"A", 1}, 0, rows, 2}, {{"B", 1}, 0, row, 1}};
    sp_concert_spec spec = stage_spec();
    spec.grades = grades;
    spec.end_date = spec.concert_date = STAGE_NOW + INT64_C(1000) * 24 * 3600 * 1000;
    spec.cancel_until = spec.end_date;
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    return stage;
}

static sp_limits limits_of_lives(void)
{
    sp_limits limits = stage_limits;
    limits.orders_max = limits.order_seats_max = 100000;
    return limits;
}

/* From each seq that there ever was to each later one: exact. */
static void every_seq_leads_to_every_later_one(void **unused)
{
    (void)unused;
    sp_limits limits = limits_of_lives();
    struct stage stage = stage_of_lives(&limits);
    sp_views *views = sp_views_create(&limits, NULL);
    static seat_map history[HISTORY + 1][LIVELIER + 1]; /* by seqs since the first */
    sp_random random;
    sp_random_seed(&random, 99);
    sp_views_publish_all(views, stage.state);
    sp_seq first = sp_state_seq(stage.state);

    for (uint32_t i = 0; i < HISTORY; i++) {
        for (sp_concert_id id = LIVELY; id <= LIVELIER; id++)
            history[i][id] = map_of_state(stage.state, id);
        assert_int_equal(sp_state_seq(stage.state), first + i);
        while (!live(&stage, &random))
            ;
        publish(&stage, views);
        /* Each now and then from all, else from the last few. */
        for (uint32_t from = i % 40 == 0 || i < 8 ? 0 : i - 8; from <= i; from++)
            for (sp_concert_id id = LIVELY; id <= LIVELIER; id++) {
                seat_map map = history[from][id], now = map_of_state(stage.state, id);
                uint32_t count;
                sp_seq seq = catch_up(views, id, first + from, &map, &count);
                assert_int_equal(seq, sp_state_concert_seq(stage.state, id));
                if (memcmp(&map, &now, sizeof map) != 0)
                    fail_msg("concert %u from seq %u to %u: another map", id, from, i + 1);
            }
    }
    sp_views_destroy(views);
    stage_close(&stage);
}

/* A batch is published when the state is ahead: each event's map is of its seq. */
static void a_batch_is_published_event_by_event(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);
    sp_changes batch;
    uint32_t count;
    assert_true(sp_changes_init(&batch, 8));
    sp_views_publish_all(views, stage.state);
    seat_map map = map_of_state(stage.state, 1);
    sp_seq from = sp_state_seq(stage.state);
    sp_command take = hold_command(BUYER, SEATS(0, 70)), again = hold_command(OTHER, SEATS(70, 71));
    sp_command release = stage_command(SP_COMMAND_HOLD_RELEASE, BUYER);
    release.hold_release.hold = 1;
    const sp_command *commands[] = {&take, &release, &again};

    for (int i = 0; i < 3; i++) {
        assert_int_equal(sp_decide(stage.state, commands[i], stage.now, &stage.event, stage.seats,
                                   &stage.replay, &stage.outcome, &stage.refusal),
                         SP_DECISION_EVENT);
        sp_changes_add(&batch, stage.state, &stage.event);
        sp_apply(stage.state, &stage.event);
    }
    assert_int_equal(catch_up(views, 1, from, &map, &count),
                     sp_state_concert_seq(stage.state, 1) - 3); /* nothing yet */
    assert_int_equal(count, 0);
    sp_views_publish_changes(views, stage.state, &batch);
    assert_int_equal(catch_up(views, 1, from, &map, &count), from + 3);
    assert_int_equal(count, 3);
    seat_map now = map_of_state(stage.state, 1);
    assert_memory_equal(&map, &now, sizeof map);
    assert_int_equal(catch_up(views, 1, from + 2, &map, &count), from + 3);
    assert_int_equal(count, 2);
    sp_changes_close(&batch);
    sp_views_destroy(views);
    stage_close(&stage);
}

/* --- two threads --- */

#define ROUNDS 40000u
#define CONCERTS (LIVELIER + 1)
#define EVENTS_PER_LOOK 8u

/* What a reader had, to be compared when both are done. */
typedef struct trail_entry {
    sp_concert_id concert;
    sp_seq after, seq;
    seat_map map;
} trail_entry;

typedef struct reading {
    const sp_views *views;
    _Atomic bool done;
    _Atomic uint32_t looks_count;
    trail_entry *trail;
    uint32_t trail_count, trail_max;
    bool went_back;
} reading;

/* One concert's map is carried on from seq to seq, as a watcher of the stream does; the
 * other's is made from the beginning each time. */
static void *watch(void *argument)
{
    reading *r = argument;
    seat_map maps[CONCERTS] = {0};
    sp_seq last[CONCERTS] = {0};
    bool is_last = false;

    do {
        is_last = atomic_load(&r->done); /* one more look behind the end */
        for (sp_concert_id id = LIVELY; id <= LIVELIER; id++) {
            sp_seat_now changed[STAGE_SEATS];
            uint32_t count;
            sp_seq after = id == LIVELY ? last[id] : 0;
            sp_seq published = sp_views_concert_seq(r->views, id);
            sp_seq seq =
                sp_views_seats_since(r->views, sp_views_card(r->views, id), after, changed, &count);
            r->went_back |= seq < last[id] || seq < published;
            if (id != LIVELY)
                memset(&maps[id], 0, sizeof maps[id]);
            for (uint32_t i = 0; i < count; i++)
                maps[id].states[changed[i].seat] = (uint8_t)changed[i].state;
            if (seq != last[id] && r->trail_count < r->trail_max)
                r->trail[r->trail_count++] = (trail_entry){id, after, seq, maps[id]};
            last[id] = seq;
        }
        atomic_fetch_add(&r->looks_count, 1);
    } while (!is_last);
    return NULL;
}

/* A whole history: what each event changed, where that begins in `changes`, and the
 * maps that it left. */
typedef struct past {
    sp_changes changes;
    size_t begins[ROUNDS + 1];
    seat_map maps[ROUNDS + 1][CONCERTS];
} past;

static void past_make(struct stage *stage, past *p)
{
    sp_random random;
    sp_random_seed(&random, 5);
    assert_true(sp_changes_init(&p->changes, ROUNDS * 4));
    for (uint32_t i = 0;; i++) {
        p->begins[i] = p->changes.size;
        for (sp_concert_id id = LIVELY; id <= LIVELIER; id++)
            p->maps[i][id] = map_of_state(stage->state, id);
        if (i == ROUNDS)
            return;
        while (!live(stage, &random))
            ;
        memcpy(p->changes.words + p->changes.size, stage->changes.words,
               stage->changes.size * sizeof(uint32_t));
        p->changes.size += stage->changes.size;
    }
}

/* All is decided before; then it is published as fast as can be, so that the reader
 * meets changes that are under way. It is waited for now and then, or with one
 * processor it might not get to look at all. */
static void a_watcher_always_has_the_map_of_its_seq(void **unused)
{
    (void)unused;
    sp_limits limits = limits_of_lives();
    struct stage stage = stage_of_lives(&limits);
    sp_views *views = sp_views_create(&limits, NULL);
    past *p = calloc(1, sizeof *p);
    reading r = {.views = views, .trail_max = 2 * ROUNDS + 64};
    pthread_t thread;
    r.trail = calloc(r.trail_max, sizeof *r.trail);
    assert_non_null(p);
    assert_non_null(r.trail);
    sp_views_publish_all(views, stage.state);
    sp_seq first = sp_state_seq(stage.state);
    past_make(&stage, p);

    assert_int_equal(pthread_create(&thread, NULL, watch, &r), 0);
    for (uint32_t i = 0; i < ROUNDS; i++) {
        sp_changes one = {.words = p->changes.words + p->begins[i],
                          .size = p->begins[i + 1] - p->begins[i]};
        uint32_t looks_count = atomic_load(&r.looks_count);
        sp_views_publish_changes(views, stage.state, &one);
        sp_views_publish_seq(views, first + i + 1);
        while (i % EVENTS_PER_LOOK == 0 && atomic_load(&r.looks_count) == looks_count)
            sched_yield();
    }
    atomic_store(&r.done, true);
    pthread_join(thread, NULL);

    assert_false(r.went_back);
    assert_true(r.trail_count > ROUNDS / EVENTS_PER_LOOK / 2);
    for (uint32_t i = 0; i < r.trail_count; i++) {
        const trail_entry *entry = &r.trail[i];
        if (entry->seq <= first)
            continue;
        if (memcmp(&entry->map, &p->maps[entry->seq - first][entry->concert], sizeof entry->map) !=
            0)
            fail_msg("concert %u: from seq %llu to %llu it was not the map of that seq",
                     entry->concert, (unsigned long long)entry->after,
                     (unsigned long long)entry->seq);
    }
    assert_int_equal(sp_views_concert_seq(views, LIVELY),
                     sp_state_concert_seq(stage.state, LIVELY));
    sp_changes_close(&p->changes);
    free(p);
    free(r.trail);
    sp_views_destroy(views);
    stage_close(&stage);
}

/* Two holds at one concert and one at another are taken, and end by one event, over
 * and over. At one concert nobody ever sees one of them ended alone; and whoever has
 * seen them ended at one concert finds the other's ended too. */
typedef struct pairing {
    const sp_views *views;
    sp_seq first; /* of the first taking; 4 events a round */
    _Atomic bool started, done;
    uint32_t torn_count, apart_count, ended_count;
} pairing;

static bool is_expiry(const pairing *p, sp_seq seq)
{
    return seq >= p->first && (seq - p->first) % 4 == 3;
}

static sp_seq look_at_two(pairing *p)
{
    uint64_t sold[WORDS], held[WORDS];
    sp_seq seq = sp_views_seats(p->views, sp_views_card(p->views, LIVELY), sold, held);
    uint64_t phase = seq >= p->first ? (seq - p->first) % 4 : 3; /* 0, 1: taken, 3: ended */

    p->torn_count += (held[0] == 1) != (phase < 3) || (held[2] == 2) != (phase == 1);
    p->ended_count += is_expiry(p, seq);
    return seq;
}

static sp_seq look_at_one(pairing *p)
{
    uint64_t sold[WORDS], held[WORDS];
    sp_seq seq = sp_views_seats(p->views, sp_views_card(p->views, LIVELIER), sold, held);
    bool want = seq >= p->first && !is_expiry(p, seq);

    p->torn_count += (held[0] == 32) != want;
    return seq;
}

static void *watch_expiries(void *argument)
{
    pairing *p = argument;
    do {
        sp_seq two = look_at_two(p), one = look_at_one(p);
        p->apart_count += is_expiry(p, two) && one < two;
        one = look_at_one(p), two = look_at_two(p);
        p->apart_count += is_expiry(p, one) && two < one;
        atomic_store(&p->started, true);
    } while (!atomic_load(&p->done));
    return NULL;
}

static void holds_that_end_together_are_seen_so(void **unused)
{
    (void)unused;
    struct stage stage = stage_of_lives(&stage_limits);
    sp_views *views = sp_views_create(&stage_limits, NULL);
    sp_views_publish_all(views, stage.state);
    pairing p = {.views = views, .first = sp_state_seq(stage.state) + 1};
    pthread_t thread;
    sp_command takings[] = {hold_command(BUYER, SEATS(0)), hold_command(OTHER, SEATS(129)),
                            hold_command(OTHER, SEATS(5))};
    takings[0].hold_take.concert = takings[1].hold_take.concert = LIVELY;
    takings[2].hold_take.concert = LIVELIER;

    assert_int_equal(pthread_create(&thread, NULL, watch_expiries, &p), 0);
    while (!atomic_load(&p.started))
        sched_yield();
    for (uint32_t round = 0; round < 20000; round++) {
        for (int i = 0; i < 3; i++) {
            assert_int_equal(stage_give(&stage, &takings[i]), SP_OK);
            publish(&stage, views);
        }
        stage.now += HOLD_MS;
        assert_int_equal(hold_expire(&stage), 1);
        assert_int_equal(stage.event.holds_expired.holds_count, 3);
        publish(&stage, views);
    }
    atomic_store(&p.done, true);
    pthread_join(thread, NULL);
    assert_int_equal(p.torn_count, 0);
    assert_int_equal(p.apart_count, 0);
    sp_views_destroy(views);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_change_is_told_as_it_is_now),
        cmocka_unit_test(every_seq_leads_to_every_later_one),
        cmocka_unit_test(a_batch_is_published_event_by_event),
        cmocka_unit_test(a_watcher_always_has_the_map_of_its_seq),
        cmocka_unit_test(holds_that_end_together_are_seen_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
