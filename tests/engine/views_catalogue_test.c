/* SPDX-License-Identifier: MIT
 *
 * What views show of concerts that change: each change in the order of its seq, in
 * batches that are published when the state is ahead; and readers on another thread, who
 * see card, sale and seats as of one seq, or try again.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "engine/views.h"
#include "tests/engine/concerts_stage.h"
#include "tests/support/events.h"

#define BATCH_MAX 16u
#define WORDS_MAX 20u

/* As the sequencer has it: decided and applied, not shown yet. */
struct batch {
    sp_event *events[BATCH_MAX];
    uint32_t count;
    sp_changes changes;
};

static struct batch batch_make(void)
{
    struct batch batch = {.count = 0};
    assert_true(sp_changes_init(&batch.changes, SP_HOLDS_PER_EXPIRY_MAX));
    return batch;
}

/* The stage's last event goes into it. */
static sp_seq batch_add(struct batch *batch, const struct stage *stage)
{
    size_t size = stage->changes.size, at = 0;
    sp_event event = stage->event;
    sp_change change;
    /* Its command, which it borrowed its seats from, is gone. */
    if (sp_changes_next(&stage->changes, &at, &change)) {
        if (event.type == SP_EVENT_ORDER_PAID)
            event.order_paid.seats = change.seats;
        if (event.type == SP_EVENT_HOLD_TAKEN)
            event.hold_taken.seats = change.seats;
    }
    batch->events[batch->count++] = sp_event_copy(&event);
    memcpy(batch->changes.words + batch->changes.size, stage->changes.words,
           size * sizeof(uint32_t));
    batch->changes.size += size;
    return stage->event.seq;
}

static void batch_publish(struct batch *batch, sp_views *views, const struct stage *stage)
{
    for (uint32_t i = 0; i < batch->count; i++)
        sp_views_publish_event(views, stage->state, batch->events[i]);
    sp_views_publish_changes(views, stage->state, &batch->changes);
    sp_views_publish_seq(views, batch->events[batch->count - 1]->seq);
    for (uint32_t i = 0; i < batch->count; i++)
        sp_event_free(batch->events[i]);
    batch->count = 0;
    sp_changes_clear(&batch->changes);
}

static void batch_close(struct batch *batch)
{
    sp_changes_close(&batch->changes);
}

static void expect_now(const sp_views *views, sp_seq seq, sp_sale sale, const char *name,
                       uint64_t sold_word)
{
    uint64_t sold[WORDS_MAX], held[WORDS_MAX];
    sp_concert_now now;

    assert_true(sp_views_concert(views, 1, &now, sold, held));
    assert_int_equal(now.seq, seq);
    assert_int_equal(now.sale, sale);
    assert_true(sp_text_equal(now.card->spec.name, (sp_text){name, (uint32_t)strlen(name)}));
    assert_int_equal(sold[0], sold_word);
    assert_int_equal(held[0], 0);
    assert_ptr_equal(now.card, sp_views_card(views, 1));
    assert_int_equal(sp_views_sale(views, 1), sale);
    assert_int_equal(sp_views_concert_seq(views, 1), seq);
}

/* Everything in one batch, and the state far ahead of it. */
static void a_batch_shows_each_change_in_its_order(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    struct batch first = batch_make(), second = batch_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);
    const uint32_t rows[] = {64, 64, 64, 8};

    sp_views_publish_all(views, stage.state);
    const sp_concert_card *older = sp_views_card(views, 1);
    assert_int_equal(concert_name(&stage, HOST, "one"), SP_OK);
    batch_add(&first, &stage);
    assert_int_equal(concert_relay(&stage, HOST, rows, 4), SP_OK);
    sp_seq laid_out = batch_add(&first, &stage);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 199)), SP_OK);
    batch_add(&first, &stage);
    assert_int_equal(concert_pause(&stage, HOST, 1), SP_OK);
    sp_seq paused = batch_add(&first, &stage);
    /* … and this is of the next one. */
    assert_int_equal(concert_resume(&stage, HOST, 1), SP_OK);
    batch_add(&second, &stage);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(1)), SP_OK);
    batch_add(&second, &stage);
    assert_int_equal(concert_name(&stage, HOST, "two"), SP_OK);
    sp_seq named = batch_add(&second, &stage);
    assert_int_equal(stage_order(&stage, OTHER, SEATS(2)), SP_OK);
    sp_seq sold = batch_add(&second, &stage);

    batch_publish(&first, views, &stage);
    expect_now(views, paused, SP_SALE_PAUSED, "one", 1);
    assert_int_equal(sp_views_concert_own_seq(views, 1), paused);
    uint64_t sold_words[WORDS_MAX], held_words[WORDS_MAX];
    /* Who still has the older card is told of the moment before the new layout. */
    assert_int_equal(sp_views_seats(views, older, sold_words, held_words), laid_out - 1);
    assert_int_equal(sold_words[0] | sold_words[1] | sold_words[2], 0);
    sp_seat_now seats[200];
    uint32_t count = 7;
    assert_int_equal(sp_views_seats_since(views, older, 1, seats, &count), laid_out - 1);
    assert_int_equal(count, 0);
    assert_int_equal(sp_views_seats_since(views, sp_views_card(views, 1), laid_out, seats, &count),
                     paused);
    assert_int_equal(count, 2);
    assert_int_equal(seats[1].seat, 199);

    batch_publish(&second, views, &stage);
    expect_now(views, sold, SP_SALE_OPEN, "two", 7);
    assert_int_equal(sp_views_concert_own_seq(views, 1), named); /* before the last order */
    batch_close(&first);
    batch_close(&second);
    sp_views_destroy(views);
    stage_close(&stage);
}

/* Made in one batch, edited in the next: it is shown as it was made. */
static void a_new_concert_is_shown_as_it_was_made(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    struct batch first = batch_make(), second = batch_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);
    sp_concert_spec spec = stage_spec();
    sp_concert_patch patch = patch_of(FIELD(NAME));
    uint64_t sold[WORDS_MAX], held[WORDS_MAX];
    sp_concert_now now;

    sp_views_publish_all(views, stage.state);
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    sp_seq made = batch_add(&first, &stage);
    patch.spec.name = SP_TEXT("not to be told yet");
    assert_int_equal(concert_edit(&stage, HOST, 2, &patch), SP_OK);
    batch_add(&second, &stage);
    assert_int_equal(concert_cancel(&stage, HOST, 2), SP_OK);
    sp_seq cancelled = batch_add(&second, &stage);

    batch_publish(&first, views, &stage);
    assert_true(sp_views_concert(views, 2, &now, sold, held));
    assert_int_equal(now.seq, made);
    assert_int_equal(now.sale, SP_SALE_OPEN);
    assert_true(sp_text_equal(now.card->spec.name, spec.name));
    assert_int_equal(sp_views_concert_own_seq(views, 2), made);
    batch_publish(&second, views, &stage);
    assert_true(sp_views_concert(views, 2, &now, sold, held));
    assert_int_equal(now.seq, cancelled);
    assert_int_equal(now.sale, SP_SALE_CANCELLED);
    assert_true(sp_text_equal(now.card->spec.name, patch.spec.name));
    batch_close(&first);
    batch_close(&second);
    sp_views_destroy(views);
    stage_close(&stage);
}

/* All at once: sold and held seats are free, and are told since any seq before. */
static void a_cancelled_concert_frees_its_seats(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    struct batch batch = batch_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);
    sp_seat_now seats[STAGE_SEATS];
    uint32_t count;

    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 64)), SP_OK);
    sp_views_publish_all(views, stage.state);
    assert_int_equal(hold_take(&stage, OTHER, SEATS(1, 129)), SP_OK);
    batch_add(&batch, &stage);
    assert_int_equal(hold_take(&stage, BUYER, SEATS(70)), SP_OK);
    batch_add(&batch, &stage);
    assert_int_equal(hold_release(&stage, BUYER, 2), SP_OK);
    sp_seq released = batch_add(&batch, &stage);
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    sp_seq seq = batch_add(&batch, &stage);
    batch_publish(&batch, views, &stage);
    expect_now(views, seq, SP_SALE_CANCELLED, "봄의 제전", 0);
    assert_int_equal(sp_views_seats_since(views, sp_views_card(views, 1), released, seats, &count),
                     seq);
    static const sp_seat freed[] = {0, 1, 64, 129}; /* 70 was free already */
    assert_int_equal(count, 4);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(seats[i].seat, freed[i]);
        assert_int_equal(seats[i].state, SP_SEAT_FREE);
    }
    batch_close(&batch);
    sp_views_destroy(views);
    stage_close(&stage);
}

/* A start shows the same. */
static void a_start_shows_what_became_of_them(void **unused)
{
    (void)unused;
    struct stage stage = stage_make();
    sp_views *views = sp_views_create(&stage_limits, NULL);
    sp_concert_spec spec = stage_spec();

    assert_int_equal(concert_name(&stage, HOST, "three"), SP_OK);
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0)), SP_OK);
    assert_int_equal(concert_pause(&stage, HOST, 1), SP_OK);
    assert_int_equal(stage_concert(&stage, HOST, &spec), SP_OK);
    assert_int_equal(concert_cancel(&stage, HOST, 2), SP_OK);
    sp_views_publish_all(views, stage.state);
    expect_now(views, sp_state_concert_seq(stage.state, 1), SP_SALE_PAUSED, "three", 1);
    assert_int_equal(sp_views_sale(views, 2), SP_SALE_CANCELLED);
    assert_int_equal(sp_views_concert_own_seq(views, 2), stage.event.seq);
    assert_int_equal(sp_views_sale(views, 3), SP_SALE_OPEN);
    assert_int_equal(sp_views_concert_own_seq(views, 3), 0);
    sp_views_destroy(views);
    stage_close(&stage);
}

/* ---- Two threads ----
 *
 * The writer goes round and round: a concert of `round % 3 + 1` rows of 64 seats is laid
 * out (in other places, at times), its name and its running time say which round; it is
 * paused; resumed; and at the very end cancelled, when seats were sold. A reader who sees
 * a card with seats, a sale or a seq of another round has seen a torn concert. */
#define ROUNDS 4000u
#define EVENTS_A_ROUND 3u

typedef struct reading {
    const sp_views *views;
    sp_seq first_seq; /* of the first edit */
    _Atomic bool started, done;
    uint32_t looks_count, torn_count, backwards_count, older_count;
} reading;

/* What a look must be, by its seq alone. */
static bool is_whole(const reading *r, const sp_concert_now *now, const uint64_t *sold,
                     const uint64_t *held)
{
    const sp_concert_card *card = now->card;
    if (now->seq < r->first_seq) /* nothing has changed yet */
        return card->seats_count == STAGE_SEATS && now->sale == SP_SALE_OPEN;
    uint64_t step = now->seq - r->first_seq, round = step / EVENTS_A_ROUND;
    if (round >= ROUNDS) { /* sold; then cancelled */
        bool is_sold = step == ROUNDS * EVENTS_A_ROUND;
        return now->sale == (is_sold ? SP_SALE_OPEN : SP_SALE_CANCELLED) &&
               sold[0] == (is_sold ? 3 : 0) && held[0] == 0;
    }
    sp_sale sale = step % EVENTS_A_ROUND == 1 ? SP_SALE_PAUSED : SP_SALE_OPEN;
    return now->sale == sale && card->spec.running_time_min == 1 + round % 1000 &&
           card->seats_count == 64 * (1 + round % 3) && card->layout_seq == now->seq - step % 3 &&
           sold[0] == 0 && held[0] == 0;
}

static void *read_concerts(void *argument)
{
    reading *r = argument;
    sp_seq last = 0, kept_seq = 0;
    const sp_concert_card *kept = sp_views_card(r->views, 1);

    do {
        uint64_t sold[WORDS_MAX], held[WORDS_MAX];
        sp_concert_now now;
        sp_seq published = sp_views_seq(r->views);
        if (!sp_views_concert(r->views, 1, &now, sold, held))
            break;
        r->torn_count += !is_whole(r, &now, sold, held);
        r->backwards_count += now.seq < last || now.seq < published;
        last = now.seq;
        /* A card that was kept for a while: of seats that may be no more. */
        sp_seq seq = sp_views_seats(r->views, kept, sold, held);
        r->older_count += kept->layout_seq != now.card->layout_seq;
        r->torn_count += seq < kept_seq && kept->layout_seq <= kept_seq;
        if (r->looks_count++ % 3 == 0) {
            kept = now.card;
            kept_seq = now.seq;
        }
        atomic_store(&r->started, true);
    } while (!atomic_load(&r->done));
    return NULL;
}

static void publish(sp_views *views, const struct stage *stage)
{
    sp_views_publish_event(views, stage->state, &stage->event);
    sp_views_publish_changes(views, stage->state, &stage->changes);
    sp_views_publish_seq(views, stage->event.seq);
}

static void lay_out(struct stage *stage, uint32_t round)
{
    static const uint32_t rows[] = {64, 64, 64};
    sp_concert_patch patch = patch_of(FIELD(GRADES) | FIELD(RUNNING_TIME));
    sp_grade_spec grade = {SP_TEXT("Floor"), 5, rows, 1 + round % 3};
    patch.spec.grades = &grade;
    patch.spec.grades_count = 1;
    patch.spec.running_time_min = 1 + round % 1000;
    assert_int_equal(concert_edit(stage, HOST, 1, &patch), SP_OK);
}

static void readers_never_see_half_a_change(void **unused)
{
    (void)unused;
    sp_limits limits = stage_limits;
    limits.text_bytes_max = (ROUNDS + 1) * UINT64_C(512);
    struct stage stage = stage_make_with(&limits);
    sp_views *views = sp_views_create(&limits, NULL);
    pthread_t thread;

    sp_views_publish_all(views, stage.state);
    reading r = {.views = views, .first_seq = sp_state_seq(stage.state) + 1};
    assert_int_equal(pthread_create(&thread, NULL, read_concerts, &r), 0);
    while (!atomic_load(&r.started))
        sched_yield();
    for (uint32_t round = 0; round < ROUNDS; round++) {
        lay_out(&stage, round);
        publish(views, &stage);
        assert_int_equal(concert_pause(&stage, HOST, 1), SP_OK);
        publish(views, &stage);
        assert_int_equal(concert_resume(&stage, HOST, 1), SP_OK);
        publish(views, &stage);
    }
    assert_int_equal(stage_order(&stage, BUYER, SEATS(0, 1)), SP_OK);
    publish(views, &stage);
    assert_int_equal(concert_cancel(&stage, HOST, 1), SP_OK);
    publish(views, &stage);
    atomic_store(&r.done, true);
    pthread_join(thread, NULL);
    assert_int_equal(r.torn_count, 0);
    assert_int_equal(r.backwards_count, 0);
    assert_true(r.looks_count > 0);
    sp_views_destroy(views);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_shows_each_change_in_its_order),
        cmocka_unit_test(a_new_concert_is_shown_as_it_was_made),
        cmocka_unit_test(a_cancelled_concert_frees_its_seats),
        cmocka_unit_test(a_start_shows_what_became_of_them),
        cmocka_unit_test(readers_never_see_half_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
