/* SPDX-License-Identifier: MIT
 *
 * The sequencer's failures: whatever the log failed at, all that is not durable
 * for certain is answered outcome_unknown, once, and nothing of it is shown.
 */
#include "tests/engine/sequencer_stage.h"

static void all_unknown(const told *t, uint32_t count)
{
    assert_int_equal(t->count, count);
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(t->outcomes[i], SP_OUTCOME_UNKNOWN);
        assert_int_equal(t->seqs[i], 0);
    }
}

/* A log that recovers is not trusted again. */
static void stays_failed(world *w)
{
    sp_command give = grant(5), query = query_user();
    uint32_t commits_count = w->log.commits_count, settles_count = w->log.settles_count;
    sp_seq shown = sp_views_seq(w->views);
    w->log.next_append = w->log.next_commit = w->log.next_settle = SP_LOG_OK;
    assert_true(sp_sequencer_failed(w->sequencer));
    assert_int_equal(w->failures_count, 1);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0); /* nothing is told twice */
    push(w, &give);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    told t = collect(w);
    all_unknown(&t, 2);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    assert_int_equal(collect(w).count, 0);
    assert_int_equal(w->log.commits_count, commits_count);
    assert_int_equal(w->log.settles_count, settles_count);
    assert_int_equal(w->failures_count, 1);
    assert_int_equal(sp_views_seq(w->views), shown);
}

static void a_failed_commit_stops_for_good(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5), query = query_user(), refused = grant(5);
    refused.points_grant.user = 99;
    w->log.next_commit = SP_LOG_FAILED;
    push(w, &give);
    push(w, &query);   /* saw the grant: may not be told */
    push(w, &refused); /* likewise */
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 3);
    told t = collect(w);
    all_unknown(&t, 3);
    assert_int_equal(sp_views_seq(w->views), 1);
    stays_failed(w);
    world_destroy(w);
}

/* The commit that fails is also the flush that the batch before waits for. */
static void a_failed_commit_leaves_the_batch_before_unknown(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5), list = query_orders();
    push(w, &give);
    push_from(w, 1, &list); /* its list is dropped, not leaked */
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    push(w, &list); /* waits along */
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    w->log.next_commit = SP_LOG_FAILED;
    push(w, &give);
    push_from(w, 1, &list);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    told t = collect(w);
    all_unknown(&t, 3);
    t = collect_of(w, 1);
    all_unknown(&t, 2);
    assert_int_equal(sp_views_seq(w->views), 1);
    stays_failed(w);
    world_destroy(w);
}

static void a_failed_settle_leaves_all_that_waited_unknown(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5), list = query_orders(), refused = grant(5);
    refused.points_grant.user = 99;
    push(w, &give);
    push(w, &list);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    push(w, &refused);
    push_from(w, 1, &list);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    w->log.next_settle = SP_LOG_FAILED;
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 4);
    told t = collect(w);
    all_unknown(&t, 3);
    t = collect_of(w, 1);
    all_unknown(&t, 1);
    assert_int_equal(w->log.settles_count, 2);
    assert_int_equal(sp_views_seq(w->views), 1);
    stays_failed(w);
    world_destroy(w);
}

static void a_failed_append_fails_the_whole_batch(void **unused)
{
    (void)unused;
    world *w = world_with_user();
    sp_command give = grant(5);
    push(w, &give);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    w->log.next_append = SP_LOG_FAILED;
    push(w, &give);
    push(w, &give);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    told t = collect(w);
    all_unknown(&t, 3); /* the one that waited too: its flush is not coming */
    assert_int_equal(w->log.commits_count, 2);
    stays_failed(w);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_commit_stops_for_good),
        cmocka_unit_test(a_failed_commit_leaves_the_batch_before_unknown),
        cmocka_unit_test(a_failed_settle_leaves_all_that_waited_unknown),
        cmocka_unit_test(a_failed_append_fails_the_whole_batch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
