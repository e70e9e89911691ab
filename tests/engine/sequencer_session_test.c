/* SPDX-License-Identifier: MIT
 *
 * Commands that change side records and make no event: what they answer, what
 * they leave in the log, and that they are told when that is durable and not
 * before.
 */
#include "tests/engine/sequencer_stage.h"

#include <string.h>

#define OLD "$old"
#define NEW "$new"

static sp_session_hash hash_of(uint8_t token)
{
    sp_session_hash hash;
    memset(hash.bytes, token, sizeof hash.bytes);
    return hash;
}

static world *world_with_password(void)
{
    world *w = world_create(100, 1u << 20);
    strcpy(w->profile.password_hash, OLD);
    sp_command create = user_create(w);
    push(w, &create);
    work_and_settle(w, 1);
    assert_int_equal(collect(w).count, 1);
    return w;
}

static sp_command open_session(sp_session_id id, uint8_t token)
{
    sp_command c = {.type = SP_COMMAND_SESSION_OPEN, .actor = 1};
    c.session_open.session = id;
    c.session_open.live = hash_of(token);
    c.session_open.password_hash = OLD;
    return c;
}

static sp_command refresh_session(sp_session_id id, uint8_t shown, uint8_t fresh)
{
    sp_command c = {.type = SP_COMMAND_SESSION_REFRESH, .actor = 1};
    c.session_refresh.session = id;
    c.session_refresh.shown = hash_of(shown);
    c.session_refresh.fresh = hash_of(fresh);
    return c;
}

static sp_command close_session(sp_session_id id, uint8_t shown)
{
    sp_command c = {.type = SP_COMMAND_SESSION_CLOSE, .actor = 1};
    c.session_close.session = id;
    c.session_close.shown = hash_of(shown);
    return c;
}

static sp_command change_password(const char *old_hash, const char *new_hash, sp_session_id keep)
{
    sp_command c = {.type = SP_COMMAND_PASSWORD_CHANGE, .actor = 1};
    c.password_change.old_hash = old_hash;
    c.password_change.new_hash = new_hash;
    c.password_change.keep = keep != 0 ? sp_session_sid(keep) : 0;
    return c;
}

/* Gives one, through its commit and its flush if it has any; its outcome. */
static sp_outcome give(world *w, sp_command command)
{
    push(w, &command);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    sp_sequencer_do_work(w->sequencer);
    sp_slot *slot = sp_mailbox_take_all(&w->mailboxes[0]);
    assert_non_null(slot);
    assert_null(slot->next);
    sp_outcome outcome = slot->result.outcome;
    if (outcome == SP_OK && command.actor != 0 && command.type != SP_COMMAND_SESSION_CLOSE) {
        assert_int_equal(slot->result.user.id, command.actor);
        assert_int_equal(slot->result.user.role, SP_ROLE_USER);
    }
    assert_false(slot->result.replayed);
    sp_slots_give(&w->slots[0], slot);
    return outcome;
}

/* What is durable. */
static const sp_session *session(const world *w, sp_session_id id)
{
    return sp_fake_sides_session_at(&w->log.sides, w->log.durable_changes_count, 1, id);
}

static const sp_profile *profile(const world *w)
{
    return sp_fake_sides_profile_at(&w->log.sides, w->log.durable_changes_count, 1);
}

static void has_live(const world *w, sp_session_id id, uint8_t token)
{
    sp_session_hash hash = hash_of(token);
    assert_non_null(session(w, id));
    assert_memory_equal(session(w, id)->live.bytes, hash.bytes, sizeof hash.bytes);
}

/* ---- what is answered ---- */

static void a_family_lives_from_log_in_to_log_out(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    assert_int_equal(give(w, open_session(5, 1)), SP_OK);
    has_live(w, 5, 1);
    assert_int_equal(session(w, 5)->created_at, 1000000);
    w->clock.time += 60000;
    assert_int_equal(give(w, refresh_session(5, 1, 2)), SP_OK);
    has_live(w, 5, 2);
    assert_int_equal(session(w, 5)->rotated_at, 1060000);
    assert_int_equal(give(w, close_session(5, 9)), SP_OK); /* none of its tokens */
    has_live(w, 5, 2);
    assert_int_equal(give(w, close_session(5, 2)), SP_OK);
    assert_null(session(w, 5));
    assert_int_equal(give(w, refresh_session(5, 2, 3)), SP_REFRESH_INVALID);
    assert_int_equal(give(w, close_session(5, 2)), SP_OK); /* no refusal */
    assert_int_equal(w->log.appended_count, 0);
    assert_int_equal(w->log.committed_seq, 1); /* no event was made */
    world_destroy(w);
}

static void a_log_in_needs_the_password_of_now(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    sp_command stale = open_session(5, 1), nobody_there = open_session(5, 1);
    stale.session_open.password_hash = NEW;
    nobody_there.actor = 2;
    assert_int_equal(give(w, stale), SP_LOGIN_FAILED);
    assert_int_equal(give(w, nobody_there), SP_TOKEN_INVALID);
    assert_null(session(w, 5));
    sp_command renewing = open_session(5, 1);
    renewing.session_open.renewed_hash = NEW;
    assert_int_equal(give(w, renewing), SP_OK);
    assert_string_equal(profile(w)->password_hash, NEW);
    assert_int_equal(give(w, open_session(6, 1)), SP_LOGIN_FAILED);
    assert_int_equal(give(w, stale), SP_OK);
    world_destroy(w);
}

/* The id alone ends nothing: a token of the family has to be shown, be it spent. */
static void a_log_out_shows_a_token(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    give(w, open_session(5, 1));
    /* Nothing was spent yet: what hashes to zeros is no token. */
    assert_int_equal(give(w, close_session(5, 0)), SP_OK);
    assert_int_equal(give(w, refresh_session(5, 1, 2)), SP_OK);
    assert_int_equal(give(w, refresh_session(5, 2, 3)), SP_OK);
    assert_int_equal(give(w, close_session(5, 1)), SP_OK); /* two before */
    has_live(w, 5, 3);
    assert_int_equal(give(w, close_session(5, 2)), SP_OK);
    assert_null(session(w, 5));
    world_destroy(w);
}

/* Who asks is told whether he was the one. */
static void a_log_out_tells_whom_it_was_of(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    give(w, open_session(5, 1));
    for (uint8_t shown = 2; shown-- > 0;) {
        sp_command close = close_session(5, shown);
        push(w, &close);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
        sp_sequencer_do_work(w->sequencer);
        sp_slot *slot = sp_mailbox_take_all(&w->mailboxes[0]);
        assert_non_null(slot);
        assert_int_equal(slot->result.outcome, SP_OK);
        assert_int_equal(slot->result.user.id, shown);
        sp_slots_give(&w->slots[0], slot);
    }
    world_destroy(w);
}

static void a_spent_token_ends_its_family(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    give(w, open_session(5, 1));
    give(w, open_session(6, 1));
    assert_int_equal(give(w, refresh_session(5, 1, 2)), SP_OK);
    assert_int_equal(give(w, refresh_session(5, 1, 3)), SP_OK); /* a lost answer */
    has_live(w, 5, 3);
    assert_int_equal(give(w, refresh_session(5, 2, 4)), SP_REFRESH_REUSED);
    assert_null(session(w, 5));
    has_live(w, 6, 1);
    assert_int_equal(give(w, refresh_session(5, 3, 4)), SP_REFRESH_INVALID);
    w->clock.time += SP_SESSION_TTL_MS;
    assert_int_equal(give(w, refresh_session(6, 1, 2)), SP_REFRESH_INVALID);
    assert_null(session(w, 6));
    world_destroy(w);
}

static void a_new_password_ends_the_other_families(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    for (sp_session_id id = 5; id < 10; id++)
        give(w, open_session(id, 1));
    assert_int_equal(give(w, change_password(NEW, OLD, 7)), SP_LOGIN_FAILED);
    assert_non_null(session(w, 5));
    assert_int_equal(give(w, change_password(OLD, NEW, 7)), SP_OK);
    assert_string_equal(profile(w)->password_hash, NEW);
    for (sp_session_id id = 5; id < 10; id++)
        assert_true((session(w, id) != NULL) == (id == 7));
    assert_int_equal(give(w, change_password(NEW, OLD, 0)), SP_OK);
    assert_null(session(w, 7));
    world_destroy(w);
}

static void a_profile_is_edited_in_part(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    sp_profile_edit edit = {.nickname = SP_TEXT("Kim"), .image_url = SP_TEXT("https://x.test/a")};
    sp_command c = {.type = SP_COMMAND_PROFILE_EDIT, .actor = 1};
    c.profile_edit.edit = &edit;
    assert_int_equal(give(w, c), SP_OK);
    assert_int_equal(profile(w)->nickname_size, 3);
    assert_memory_equal(profile(w)->nickname, "Kim", 3);
    assert_int_equal(profile(w)->image_url_size, 16);
    edit = (sp_profile_edit){.image_url = SP_TEXT("")};
    assert_int_equal(give(w, c), SP_OK);
    assert_int_equal(profile(w)->nickname_size, 3);
    assert_int_equal(profile(w)->image_url_size, 0);
    assert_string_equal(profile(w)->password_hash, OLD);
    c.actor = 2;
    assert_int_equal(give(w, c), SP_TOKEN_INVALID);
    world_destroy(w);
}

static void an_erased_person_leaves_nothing_beside(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    give(w, open_session(5, 1));
    give(w, open_session(6, 1));
    sp_command erase = {.type = SP_COMMAND_USER_ERASE, .actor = 1};
    push(w, &erase);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    /* One transaction: all of it is there, or nothing. */
    assert_non_null(profile(w));
    assert_non_null(session(w, 5));
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).outcomes[0], SP_OK);
    assert_null(profile(w));
    assert_null(session(w, 5));
    assert_null(session(w, 6));
    assert_int_equal(give(w, refresh_session(5, 1, 2)), SP_REFRESH_INVALID);
    assert_int_equal(give(w, open_session(7, 1)), SP_TOKEN_INVALID);
    assert_int_equal(give(w, change_password(OLD, NEW, 0)), SP_TOKEN_INVALID);
    assert_int_equal(give(w, close_session(5, 1)), SP_OK);
    /* His e-mail can be used again. */
    sp_command again = user_create(w);
    assert_int_equal(give(w, again), SP_OK);
    world_destroy(w);
}

/* ---- when it is told ---- */

static void side_records_alone_wait_for_their_flush(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    uint32_t commits_count = w->log.commits_count, settles_count = w->log.settles_count;
    sp_command open = open_session(5, 1), query = query_user();
    push(w, &open);
    push(w, &query);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    assert_int_equal(w->log.commits_count, commits_count + 1);
    assert_int_equal(collect(w).count, 0);
    assert_null(session(w, 5));
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
    assert_int_equal(w->log.settles_count, settles_count + 1);
    assert_int_equal(collect(w).count, 2);
    assert_non_null(session(w, 5));
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    world_destroy(w);
}

/* The next batch's commit, of events or of side records, is as good a flush. */
static void the_next_commit_tells_side_records(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    uint32_t settles_count = w->log.settles_count;
    sp_command give_points = grant(5);
    for (sp_session_id id = 5; id < 15; id++) {
        sp_command open = open_session(id, 1);
        push(w, &open);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
        told t = collect(w);
        assert_int_equal(t.count, id == 5 ? 0 : 1);
        if (id > 5)
            assert_int_equal(t.types[0], SP_COMMAND_POINTS_GRANT);
        assert_null(session(w, id));
        push(w, &give_points);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
        t = collect(w);
        assert_int_equal(t.count, 1);
        assert_int_equal(t.types[0], SP_COMMAND_SESSION_OPEN);
        assert_non_null(session(w, id));
    }
    assert_int_equal(w->log.settles_count, settles_count);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).count, 1);
    world_destroy(w);
}

static void a_refusal_that_changed_something_waits(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    give(w, open_session(5, 1));
    sp_command reused = refresh_session(5, 77, 2);
    push(w, &reused);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    assert_int_equal(collect(w).count, 0);
    assert_non_null(session(w, 5));
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    told t = collect(w);
    assert_int_equal(t.outcomes[0], SP_REFRESH_REUSED);
    assert_null(session(w, 5));
    world_destroy(w);
}

static void what_changed_nothing_costs_no_flush(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    uint32_t commits_count = w->log.commits_count, settles_count = w->log.settles_count;
    sp_command closed = close_session(5, 1), unknown = refresh_session(5, 1, 2);
    sp_command failed = change_password(NEW, OLD, 0);
    push(w, &closed);
    push(w, &unknown);
    push(w, &failed);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 3);
    assert_int_equal(collect(w).count, 3); /* at once */
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 0);
    assert_int_equal(w->log.commits_count, commits_count);
    assert_int_equal(w->log.settles_count, settles_count);
    world_destroy(w);
}

/* ---- space and failure ---- */

static void a_full_disk_still_ends_sessions(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    sp_profile_edit edit = {.nickname = SP_TEXT("Kim")};
    sp_command c = {.type = SP_COMMAND_PROFILE_EDIT, .actor = 1};
    sp_command erase = {.type = SP_COMMAND_USER_ERASE, .actor = 1};
    c.profile_edit.edit = &edit;
    w->log.space = SP_SPACE_LOW;
    assert_int_equal(give(w, open_session(5, 1)), SP_OK);
    assert_int_equal(give(w, refresh_session(5, 1, 2)), SP_OK);
    assert_int_equal(give(w, c), SP_STORAGE_FULL);
    w->log.space = SP_SPACE_NONE;
    assert_int_equal(give(w, open_session(6, 1)), SP_STORAGE_FULL);
    assert_int_equal(give(w, refresh_session(5, 2, 3)), SP_STORAGE_FULL);
    assert_int_equal(give(w, refresh_session(5, 77, 3)), SP_STORAGE_FULL);
    assert_int_equal(give(w, close_session(5, 1)), SP_STORAGE_FULL);
    assert_int_equal(give(w, change_password(OLD, NEW, 0)), SP_STORAGE_FULL);
    assert_int_equal(give(w, erase), SP_STORAGE_FULL);
    has_live(w, 5, 2); /* nothing happened */
    assert_string_equal(profile(w)->password_hash, OLD);
    w->log.space = SP_SPACE_LOW;
    assert_int_equal(give(w, change_password(OLD, NEW, 5)), SP_OK);
    assert_int_equal(give(w, close_session(5, 1)), SP_OK);
    assert_int_equal(give(w, erase), SP_OK);
    world_destroy(w);
}

static void a_failed_side_write_stops_for_good(void **unused)
{
    (void)unused;
    sp_command commands[] = {
        open_session(6, 1),           refresh_session(5, 1, 2),
        refresh_session(5, 9, 2),     close_session(5, 1),
        change_password(OLD, NEW, 0), {.type = SP_COMMAND_USER_ERASE, .actor = 1}};
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        world *w = world_with_password();
        sp_command query = query_user();
        give(w, open_session(5, 1));
        w->log.next_side = SP_LOG_FAILED;
        push(w, &query);
        push(w, &commands[i]);
        assert_int_equal(sp_sequencer_do_work(w->sequencer), 2);
        told t = collect(w);
        assert_int_equal(t.count, 2);
        for (uint32_t j = 0; j < t.count; j++)
            assert_int_equal(t.outcomes[j], SP_OUTCOME_UNKNOWN);
        assert_true(sp_sequencer_failed(w->sequencer));
        assert_int_equal(w->failures_count, 1);
        has_live(w, 5, 1);
        world_destroy(w);
    }
}

static void a_failed_flush_leaves_a_session_unknown(void **unused)
{
    (void)unused;
    world *w = world_with_password();
    sp_command open = open_session(5, 1);
    push(w, &open);
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    w->log.next_settle = SP_LOG_FAILED;
    assert_int_equal(sp_sequencer_do_work(w->sequencer), 1);
    told t = collect(w);
    assert_int_equal(t.outcomes[0], SP_OUTCOME_UNKNOWN);
    assert_int_equal(t.seqs[0], 0);
    world_destroy(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_family_lives_from_log_in_to_log_out),
        cmocka_unit_test(a_log_in_needs_the_password_of_now),
        cmocka_unit_test(a_log_out_shows_a_token),
        cmocka_unit_test(a_log_out_tells_whom_it_was_of),
        cmocka_unit_test(a_spent_token_ends_its_family),
        cmocka_unit_test(a_new_password_ends_the_other_families),
        cmocka_unit_test(a_profile_is_edited_in_part),
        cmocka_unit_test(an_erased_person_leaves_nothing_beside),
        cmocka_unit_test(side_records_alone_wait_for_their_flush),
        cmocka_unit_test(the_next_commit_tells_side_records),
        cmocka_unit_test(a_refusal_that_changed_something_waits),
        cmocka_unit_test(what_changed_nothing_costs_no_flush),
        cmocka_unit_test(a_full_disk_still_ends_sessions),
        cmocka_unit_test(a_failed_side_write_stops_for_good),
        cmocka_unit_test(a_failed_flush_leaves_a_session_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
