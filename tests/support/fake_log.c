/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_log.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "engine/fault.h"
#include "tests/support/events.h"

/* NOSYNC: the machine writes its cache back every so many flushes. */
#define FLUSHES_PER_SYNC 8u

static void drop_batch(sp_fake_log *fake)
{
    while (fake->count > fake->committed_count)
        sp_event_free(fake->events[--fake->count]);
    sp_fake_sides_undo(&fake->sides, fake->committed.changes_count);
}

/* Room for one more, twice as much at each power of two: a drop has tens of
 * thousands. */
static void *grown(void *array, uint64_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    array = realloc(array, (count > 0 ? 2 * count : 1) * size);
    SP_ASSERT(array != NULL);
    return array;
}

/* ---- The cache and the disk ---- */

static void write_record(sp_fake_log *fake, const sp_event *event, sp_seq seq)
{
    fake->records = grown(fake->records, fake->records_count, sizeof *fake->records);
    fake->records[fake->records_count++] =
        (sp_fake_record){.event = event != NULL ? sp_event_copy(event) : NULL, .seq = seq};
}

static void write_events(sp_fake_log *fake, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const sp_event *event = fake->events[fake->committed_count + i];
        write_record(fake, event, event->seq);
    }
}

/* A write that does not come to its commit record, with one to all of the
 * events there. A disk that keeps no order has the commit record before them. */
static void write_torn(sp_fake_log *fake)
{
    if (sp_fake_log_pending(fake) == 0)
        return; /* side records alone: recovery sees nothing of them */
    if (fake->is_marked_early)
        write_record(fake, NULL, fake->count);
    write_events(fake, 1 + sp_random_below(&fake->random, sp_fake_log_pending(fake)));
}

void sp_fake_log_cut(sp_fake_log *fake, uint64_t records_count)
{
    SP_ASSERT_CMP(records_count, <=, fake->records_count);
    while (fake->records_count > records_count)
        sp_event_free(fake->records[--fake->records_count].event);
}

const sp_fake_record *sp_fake_log_record(const sp_fake_log *fake, uint64_t index)
{
    SP_ASSERT_CMP(index, <, fake->records_count);
    return &fake->records[index];
}

static bool is_last_mark(const sp_fake_log *fake, const sp_fake_record *record)
{
    return record->event == NULL && record->seq == fake->committed_count;
}

/* All that is in the cache is on the disk, but for a commit record whose flush
 * has failed once. */
static void flush(sp_fake_log *fake)
{
    fake->flushes_count++;
    if (!fake->is_mark_lost) {
        fake->durable_count = fake->committed_count;
        fake->durable = fake->committed;
    }
    if (SP_FAULT(NOSYNC) && fake->flushes_count % FLUSHES_PER_SYNC != 0)
        return;
    /* What is not flushed is at the end. */
    for (uint64_t i = fake->records_count; i-- > 0 && !fake->records[i].is_flushed;)
        if (!fake->is_mark_lost || !is_last_mark(fake, &fake->records[i]))
            fake->records[i].is_flushed = true;
    fake->synced_count = fake->durable_count;
    fake->synced = fake->durable;
}

/* The batch committed last is there or not, as the draw was. */
static void decide_last_batch(sp_fake_log *fake, bool is_kept)
{
    if (is_kept) {
        fake->batches_kept_count++;
        fake->durable_count = fake->committed_count;
        fake->durable = fake->committed;
        return;
    }
    fake->batches_lost_count++;
    fake->committed_count = fake->durable_count;
    fake->committed = fake->durable;
}

/* Of what was not flushed a random part stays; a record is whole or not there. */
static void cut_power(sp_fake_log *fake)
{
    uint64_t kept_count = 0;
    bool is_kept = sp_random_once_in(&fake->random, 2);
    for (uint64_t i = 0; i < fake->records_count; i++) {
        sp_fake_record record = fake->records[i];
        bool stays = record.is_flushed ||
                     (is_last_mark(fake, &record) ? is_kept : sp_random_once_in(&fake->random, 2));
        if (!stays) {
            sp_event_free(record.event);
            continue;
        }
        record.is_flushed = true;
        fake->records[kept_count++] = record;
    }
    fake->records_count = kept_count;
    fake->is_mark_lost = false;
    if (!sp_fake_log_is_settled(fake))
        decide_last_batch(fake, is_kept);
}

/* NOSYNC: all since the last true flush is gone, committed or not. */
static void cut_power_unsynced(sp_fake_log *fake)
{
    uint64_t count = 0;
    while (count < fake->records_count && fake->records[count].is_flushed)
        count++;
    sp_fake_log_cut(fake, count);
    fake->committed_count = fake->durable_count = fake->synced_count;
    fake->committed = fake->durable = fake->synced;
}

/* ---- The log ---- */

/* Written, flushed, marked: as LMDB does without its flush of the meta page. */
static void commit_batch(sp_fake_log *fake)
{
    write_events(fake, sp_fake_log_pending(fake));
    flush(fake);
    write_record(fake, NULL, fake->count);
    fake->is_mark_lost = false;
    fake->older_committed_count = fake->committed_count;
    fake->committed_count = fake->count;
    fake->older_committed = fake->committed;
    fake->committed.batches_count++;
    fake->committed.changes_count = fake->sides.changes_count;
}

static sp_log_status log_append(sp_log *self, const sp_event *event)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    if (fake->broken)
        return SP_LOG_FAILED;
    if (fake->fault == SP_FAKE_LOG_APPEND_FAILS) {
        fake->broken = true;
        return SP_LOG_FAILED;
    }
    SP_ASSERT_CMP(event->seq, ==, fake->count + 1);
    if (fake->count > 0)
        SP_ASSERT_CMP(event->time, >=, fake->events[fake->count - 1]->time);
    fake->events = grown(fake->events, fake->count, sizeof(sp_event *));
    fake->events[fake->count++] = sp_event_copy(event);
    return SP_LOG_OK;
}

static sp_log_status log_profile_add(sp_log *self, const sp_profile *profile)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    return fake->broken ? SP_LOG_FAILED : sp_fake_sides_profile_add(&fake->sides, profile);
}

static sp_log_status log_profile_get(sp_log *self, sp_user_id user, sp_profile *out)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    return fake->broken ? SP_LOG_FAILED : sp_fake_sides_profile_get(&fake->sides, user, out);
}

/* A change fails where an append would. */
static bool fails_now(sp_fake_log *fake)
{
    fake->broken |= fake->fault == SP_FAKE_LOG_APPEND_FAILS;
    return fake->broken;
}

static sp_log_status log_profile_put(sp_log *self, const sp_profile *profile)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    return fails_now(fake) ? SP_LOG_FAILED : sp_fake_sides_profile_put(&fake->sides, profile);
}

static sp_log_status log_profile_erase(sp_log *self, sp_user_id user)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    return fails_now(fake) ? SP_LOG_FAILED : sp_fake_sides_profile_erase(&fake->sides, user);
}

static sp_log_status log_session_get(sp_log *self, sp_user_id user, sp_session_id id,
                                     sp_session *out)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    return fake->broken ? SP_LOG_FAILED : sp_fake_sides_session_get(&fake->sides, user, id, out);
}

static sp_log_status log_session_add(sp_log *self, const sp_session *session)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    if (fails_now(fake))
        return SP_LOG_FAILED;
    sp_fake_sides_session_add(&fake->sides, session);
    return SP_LOG_OK;
}

static sp_log_status log_session_put(sp_log *self, const sp_session *session)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    return fails_now(fake) ? SP_LOG_FAILED : sp_fake_sides_session_put(&fake->sides, session);
}

static sp_log_status log_sessions_end(sp_log *self, sp_user_id user, sp_session_id id, sp_sid keep)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    if (fails_now(fake))
        return SP_LOG_FAILED;
    sp_fake_sides_end(&fake->sides, user, id, keep);
    return SP_LOG_OK;
}

static sp_log_status log_commit(sp_log *self, sp_time_ms time)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    if (fake->broken)
        return SP_LOG_FAILED;
    if (!sp_fake_log_is_open(fake))
        return SP_LOG_OK;
    if (sp_fake_log_pending(fake) > 0)
        SP_ASSERT_CMP(time, ==, fake->events[fake->count - 1]->time);
    if (fake->on_commit != NULL)
        fake->on_commit(fake->context);
    switch (fake->fault) {
    case SP_FAKE_LOG_COMMIT_UNKNOWN:
        commit_batch(fake);
        break;
    case SP_FAKE_LOG_COMMIT_FAILS:
        write_torn(fake);
        fake->is_mark_lost = true;
        break;
    case SP_FAKE_LOG_CRASH_AFTER:
        commit_batch(fake);
        sp_fake_log_crash(fake);
        return SP_LOG_OK;
    case SP_FAKE_LOG_CRASH_TORN:
        write_torn(fake);
        sp_fake_log_crash(fake);
        break;
    case SP_FAKE_LOG_CRASH_BEFORE:
        sp_fake_log_crash(fake);
        break;
    default: /* there was no append to fail, or it waits for a settle */
        commit_batch(fake);
        return SP_LOG_OK;
    }
    fake->broken = true;
    return SP_LOG_FAILED;
}

static sp_log_status log_settle(sp_log *self)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    if (fake->broken)
        return SP_LOG_FAILED;
    SP_ASSERT(!sp_fake_log_is_open(fake));
    if (sp_fake_log_is_settled(fake))
        return SP_LOG_OK;
    if (fake->on_settle != NULL)
        fake->on_settle(fake->context);
    switch (fake->fault) {
    case SP_FAKE_LOG_SETTLE_FAILS:
        fake->is_mark_lost = true;
        break;
    case SP_FAKE_LOG_SETTLE_UNKNOWN:
        flush(fake);
        break;
    case SP_FAKE_LOG_SETTLE_CRASH_BEFORE:
        sp_fake_log_crash(fake);
        break;
    case SP_FAKE_LOG_SETTLE_CRASH_AFTER:
        flush(fake);
        sp_fake_log_crash(fake);
        return SP_LOG_OK;
    default:
        flush(fake);
        return SP_LOG_OK;
    }
    fake->broken = true;
    return SP_LOG_FAILED;
}

static sp_log_space log_space(sp_log *self)
{
    return ((sp_fake_log *)self)->space;
}

void sp_fake_log_init(sp_fake_log *fake)
{
    *fake = (sp_fake_log){.log = {.append = log_append,
                                  .profile_add = log_profile_add,
                                  .profile_get = log_profile_get,
                                  .profile_put = log_profile_put,
                                  .profile_erase = log_profile_erase,
                                  .session_get = log_session_get,
                                  .session_add = log_session_add,
                                  .session_put = log_session_put,
                                  .sessions_end = log_sessions_end,
                                  .commit = log_commit,
                                  .settle = log_settle,
                                  .space = log_space}};
    sp_random_seed(&fake->random, 1);
}

void sp_fake_log_close(sp_fake_log *fake)
{
    while (fake->count > 0)
        sp_event_free(fake->events[--fake->count]);
    sp_fake_log_cut(fake, 0);
    free(fake->records);
    free(fake->events);
    sp_fake_sides_close(&fake->sides);
}

void sp_fake_log_crash(sp_fake_log *fake)
{
    fake->broken = true;
    fake->crashed = true;
    if (!fake->crash_cuts_power)
        return;
    if (SP_FAULT(NOSYNC))
        cut_power_unsynced(fake);
    else
        cut_power(fake);
}

void sp_fake_log_restart(sp_fake_log *fake)
{
    drop_batch(fake);
    fake->fault = SP_FAKE_LOG_FINE;
    fake->broken = false;
    fake->crashed = false;
    fake->space = SP_SPACE_PLENTY;
    if (fake->is_start_unsettled)
        return;
    fake->is_mark_lost = false;
    flush(fake);
}

const sp_event *sp_fake_log_event(const sp_fake_log *fake, sp_seq seq)
{
    SP_ASSERT_CMP(seq, >=, 1);
    SP_ASSERT_CMP(seq, <=, fake->committed_count);
    return fake->events[seq - 1];
}

const sp_profile *sp_fake_log_profile(const sp_fake_log *fake, sp_user_id user)
{
    return sp_fake_sides_profile_at(&fake->sides, fake->durable.changes_count, user);
}

const sp_session *sp_fake_log_session(const sp_fake_log *fake, sp_user_id user, sp_session_id id)
{
    return sp_fake_sides_session_at(&fake->sides, fake->durable.changes_count, user, id);
}

uint64_t sp_fake_log_pending(const sp_fake_log *fake)
{
    return fake->count - fake->committed_count;
}

bool sp_fake_log_is_open(const sp_fake_log *fake)
{
    return sp_fake_log_pending(fake) > 0 ||
           fake->sides.changes_count > fake->committed.changes_count;
}

bool sp_fake_log_is_settled(const sp_fake_log *fake)
{
    return fake->durable.batches_count == fake->committed.batches_count;
}
