/* SPDX-License-Identifier: MIT */
#include "tests/support/fake_log.h"

#include <stdlib.h>

#include "engine/assert.h"
#include "engine/fault.h"
#include "tests/support/events.h"

/* NOSYNC: the machine writes its cache back every so many commits. */
#define COMMITS_PER_SYNC 8u

static void drop_batch(sp_fake_log *fake)
{
    while (fake->count > fake->durable_count)
        sp_event_free(fake->events[--fake->count]);
    fake->profiles_count = fake->profiles_durable_count;
}

/* ---- The disk ---- */

static void write_record(sp_fake_log *fake, const sp_event *event, sp_seq seq)
{
    fake->records = realloc(fake->records, (fake->records_count + 1) * sizeof *fake->records);
    SP_ASSERT(fake->records != NULL);
    fake->records[fake->records_count++] =
        (sp_fake_record){event != NULL ? sp_event_copy(event) : NULL, seq};
}

static void write_events(sp_fake_log *fake, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const sp_event *event = fake->events[fake->durable_count + i];
        write_record(fake, event, event->seq);
    }
}

/* The machine stops before the commit record is written, with one to all of the
 * events there. A disk that keeps no order has the commit record before them. */
static void write_torn(sp_fake_log *fake)
{
    if (fake->is_marked_early)
        write_record(fake, NULL, fake->count);
    write_events(fake, 1 + fake->torn_draw % sp_fake_log_pending(fake));
}

static void write_batch(sp_fake_log *fake)
{
    write_events(fake, sp_fake_log_pending(fake));
    write_record(fake, NULL, fake->count);
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

/* ---- The log ---- */

/* All of the batch is on the disk, commit record and all. */
static void write_and_mark(sp_fake_log *fake)
{
    write_batch(fake);
    fake->durable_count = fake->count;
    fake->profiles_durable_count = fake->profiles_count;
    if (SP_FAULT(NOSYNC) && ++fake->commits_unsynced < COMMITS_PER_SYNC)
        return;
    fake->commits_unsynced = 0;
    fake->synced_count = fake->durable_count;
    fake->records_synced_count = fake->records_count;
    fake->profiles_synced_count = fake->profiles_durable_count;
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
    fake->events = realloc(fake->events, (fake->count + 1) * sizeof(sp_event *));
    SP_ASSERT(fake->events != NULL);
    fake->events[fake->count++] = sp_event_copy(event);
    return SP_LOG_OK;
}

static char fold(char byte)
{
    return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}

bool sp_fake_log_has_email(const sp_fake_log *fake, const sp_profile *profile)
{
    for (uint32_t i = 0; i < fake->profiles_count; i++) {
        const sp_profile *other = &fake->profiles[i];
        uint32_t same = 0;
        if (other->email_size != profile->email_size)
            continue;
        while (same < profile->email_size && fold(other->email[same]) == fold(profile->email[same]))
            same++;
        if (same == profile->email_size)
            return true;
    }
    return false;
}

static sp_log_status log_profile_add(sp_log *self, const sp_profile *profile)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    if (fake->broken)
        return SP_LOG_FAILED;
    if (sp_fake_log_has_email(fake, profile))
        return SP_LOG_TAKEN;
    fake->profiles = realloc(fake->profiles, (fake->profiles_count + 1u) * sizeof *fake->profiles);
    SP_ASSERT(fake->profiles != NULL);
    fake->profiles[fake->profiles_count++] = *profile;
    return SP_LOG_OK;
}

static sp_log_status log_commit(sp_log *self, sp_time_ms time)
{
    sp_fake_log *fake = (sp_fake_log *)self;
    if (fake->broken)
        return SP_LOG_FAILED;
    if (fake->count == fake->durable_count)
        return SP_LOG_OK;
    SP_ASSERT_CMP(time, ==, fake->events[fake->count - 1]->time);
    if (fake->on_commit != NULL)
        fake->on_commit(fake->context);
    switch (fake->fault) {
    case SP_FAKE_LOG_FINE:
    case SP_FAKE_LOG_APPEND_FAILS: /* there was none to fail */
        write_and_mark(fake);
        return SP_LOG_OK;
    case SP_FAKE_LOG_COMMIT_UNKNOWN:
        write_and_mark(fake);
        break;
    case SP_FAKE_LOG_COMMIT_FAILS:
        break;
    case SP_FAKE_LOG_CRASH_AFTER:
        write_and_mark(fake);
        sp_fake_log_crash(fake);
        return SP_LOG_OK;
    case SP_FAKE_LOG_CRASH_TORN:
        write_torn(fake);
        sp_fake_log_crash(fake);
        break;
    case SP_FAKE_LOG_CRASH_BEFORE:
        sp_fake_log_crash(fake);
        break;
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
    *fake = (sp_fake_log){.log = {log_append, log_profile_add, log_commit, log_space}};
}

void sp_fake_log_close(sp_fake_log *fake)
{
    while (fake->count > 0)
        sp_event_free(fake->events[--fake->count]);
    sp_fake_log_cut(fake, 0);
    free(fake->records);
    free(fake->events);
    free(fake->profiles);
}

void sp_fake_log_crash(sp_fake_log *fake)
{
    fake->broken = true;
    fake->crashed = true;
    if (SP_FAULT(NOSYNC)) {
        sp_fake_log_cut(fake, fake->records_synced_count);
        fake->durable_count = fake->synced_count;
        fake->profiles_durable_count = fake->profiles_synced_count;
    }
}

void sp_fake_log_restart(sp_fake_log *fake)
{
    drop_batch(fake);
    fake->fault = SP_FAKE_LOG_FINE;
    fake->broken = false;
    fake->crashed = false;
    fake->space = SP_SPACE_PLENTY;
}

const sp_event *sp_fake_log_event(const sp_fake_log *fake, sp_seq seq)
{
    SP_ASSERT_CMP(seq, >=, 1);
    SP_ASSERT_CMP(seq, <=, fake->durable_count);
    return fake->events[seq - 1];
}

const sp_profile *sp_fake_log_profile(const sp_fake_log *fake, sp_user_id user)
{
    for (uint32_t i = 0; i < fake->profiles_durable_count; i++)
        if (fake->profiles[i].user == user)
            return &fake->profiles[i];
    return NULL;
}

uint64_t sp_fake_log_pending(const sp_fake_log *fake)
{
    return fake->count - fake->durable_count;
}
