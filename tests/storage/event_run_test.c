/* SPDX-License-Identifier: MIT */
#include "storage/event_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "tests/support/history.h"

static unsigned char buffer[SP_EVENT_SIZE_MAX];

typedef struct shown {
    sp_seq last;
    sp_seq stop_at; /* says that this one is wrong */
} shown;

static const char *on_event(void *context, const sp_event *event)
{
    shown *seen = context;
    assert_int_equal(event->seq, seen->last + 1);
    seen->last = event->seq;
    return event->seq == seen->stop_at ? "no more" : NULL;
}

/* Bytes live as long as the run may borrow from them: to the end of the test. */
static const char *add(sp_event_run *run, const sp_event *event, unsigned char **kept)
{
    size_t size = sp_codec_encode(event, buffer);
    *kept = malloc(size);
    memcpy(*kept, buffer, size);
    return sp_event_run_add(run, event->seq, *kept, size, event->time);
}

#define EVENTS 700u

/* Runs of whatever length come to the state that one at a time comes to. */
static void a_run_comes_to_the_same_state(void **unused)
{
    (void)unused;
    static unsigned char *kept[EVENTS];
    sp_history history;
    shown seen = {0};
    sp_event_run run = {
        .state = sp_state_create(&sp_limits_default), .on_event = on_event, .context = &seen};
    uint8_t expected[SP_DIGEST_SIZE], reached[SP_DIGEST_SIZE];
    uint32_t longest = 0;
    sp_seq seq;

    sp_history_init(&history);
    assert_true(sp_event_run_init(&run));
    for (uint32_t i = 0; i < EVENTS; i++) {
        sp_event event;
        sp_history_next(&history, &event);
        assert_null(add(&run, &event, &kept[i]));
        if (run.events_count > longest)
            longest = run.events_count;
        /* A concert's grades have room once: it is the last of its run. */
        if (event.type == SP_EVENT_CONCERT_CREATED)
            assert_true(sp_event_run_full(&run));
        if (sp_event_run_full(&run) || i % 97 == 0)
            assert_null(sp_event_run_take(&run, &seq));
    }
    assert_null(sp_event_run_take(&run, &seq));
    assert_null(sp_event_run_take(&run, &seq)); /* an empty one */
    assert_int_equal(seen.last, EVENTS);
    assert_int_equal(longest, SP_PREFETCH_BATCH);
    sp_digest(history.state, expected);
    sp_digest(run.state, reached);
    assert_memory_equal(expected, reached, SP_DIGEST_SIZE);

    sp_event_run_close(&run);
    sp_state_destroy(run.state);
    sp_history_close(&history);
    for (uint32_t i = 0; i < EVENTS; i++)
        free(kept[i]);
}

/* Those before the wrong one are applied and shown, it and those behind are
 * not: whether it is admit or who is shown them that finds it. */
static void a_wrong_event_ends_its_run(void **unused)
{
    (void)unused;
    enum { WRONG = 7, COUNT = 12 };
    unsigned char *kept[COUNT];
    sp_seq seq = 0;

    for (int by_admit = 0; by_admit < 2; by_admit++) {
        sp_history history;
        shown seen = {.stop_at = by_admit ? 0 : WRONG};
        sp_event_run run = {
            .state = sp_state_create(&sp_limits_default), .on_event = on_event, .context = &seen};
        sp_history_init(&history);
        assert_true(sp_event_run_init(&run));
        for (uint32_t i = 0; i < COUNT; i++) {
            sp_event event;
            sp_history_next(&history, &event);
            if (by_admit && event.seq == WRONG) {
                assert_int_equal(event.type, SP_EVENT_USER_CREATED);
                event.user_created.user++;
            }
            assert_null(add(&run, &event, &kept[i]));
        }
        assert_int_equal(run.events_count, COUNT);
        const char *wrong = sp_event_run_take(&run, &seq);
        assert_non_null(wrong);
        assert_non_null(strstr(wrong, by_admit ? "user id" : "no more"));
        assert_int_equal(seq, WRONG);
        assert_int_equal(sp_state_seq(run.state), by_admit ? WRONG - 1 : WRONG);
        assert_int_equal(seen.last, by_admit ? WRONG - 1 : WRONG);
        assert_int_equal(run.events_count, 0);
        sp_event_run_close(&run);
        sp_state_destroy(run.state);
        sp_history_close(&history);
        for (uint32_t i = 0; i < COUNT; i++)
            free(kept[i]);
    }
}

static void bytes_that_are_no_event_are_not_added(void **unused)
{
    (void)unused;
    sp_event_run run = {.state = sp_state_create(&sp_limits_default)};
    sp_event event = {.seq = 1, .time = 5, .type = SP_EVENT_USER_CREATED};
    unsigned char *kept[2];

    event.user_created.user = 1;
    event.user_created.role = SP_ROLE_USER;
    assert_true(sp_event_run_init(&run));
    assert_null(add(&run, &event, &kept[0]));
    assert_non_null(sp_event_run_add(&run, 2, "\x93\x01\x02", 3, 5));
    size_t size = sp_codec_encode(&event, buffer);
    assert_non_null(strstr(sp_event_run_add(&run, 2, buffer, size, 4), "later than its batch"));
    assert_int_equal(run.events_count, 1);
    sp_seq seq;
    assert_null(sp_event_run_take(&run, &seq));
    assert_int_equal(sp_state_users_count(run.state), 1);
    sp_event_run_close(&run);
    sp_state_destroy(run.state);
    free(kept[0]);
}

/* Who only looks at a damaged log wants to have seen all up to the damage. */
static void without_a_state_none_waits(void **unused)
{
    (void)unused;
    shown seen = {0};
    sp_event_run run = {.on_event = on_event, .context = &seen};
    sp_event event = {.seq = 1, .time = 5, .type = SP_EVENT_ROLE_SET};
    unsigned char *kept;
    sp_seq seq;

    event.role_set.user = 1;
    event.role_set.role = SP_ROLE_USER;
    assert_true(sp_event_run_init(&run));
    assert_false(sp_event_run_full(&run));
    assert_null(add(&run, &event, &kept));
    assert_true(sp_event_run_full(&run));
    assert_null(sp_event_run_take(&run, &seq));
    assert_int_equal(seen.last, 1);
    sp_event_run_close(&run);
    free(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_comes_to_the_same_state),
        cmocka_unit_test(a_wrong_event_ends_its_run),
        cmocka_unit_test(bytes_that_are_no_event_are_not_added),
        cmocka_unit_test(without_a_state_none_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
