/* SPDX-License-Identifier: MIT */
#include "storage/recover.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

#include "engine/assert.h"
#include "storage/event_run.h"

/* Half of what a read transaction may live; the clock is looked at every so
 * many events, each of them far under a microsecond but for a rare concert. */
#define SLICE_NS INT64_C(50000000)
#define CLOCK_EVERY 256u

typedef struct walk {
    sp_env *env;
    const sp_recover_config *config;
    sp_recover_summary *summary;
    sp_finding *finding;
    sp_event_run *run; /* NULL: events are not decoded */
    sp_seq until;
    sp_time_ms batch_time; /* of the last batch: times never go back */

    /* The slice. */
    MDB_txn *txn;
    MDB_cursor *events, *batches;
    bool events_placed, batches_placed; /* at the last one read */
    int64_t slice_began_ns;

    uint8_t chain[SP_CHAIN_SIZE]; /* of the last batch */
    sp_chain running;
} walk;

static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static sp_storage_status fail(walk *w, sp_seq seq, const char *what, int error)
{
    return sp_finding_set(w->finding, sp_env_status(error), seq, "event %llu: %s: %s",
                          (unsigned long long)seq, what, mdb_strerror(error));
}

#define DAMAGED(w, seq, ...) sp_finding_set((w)->finding, SP_STORAGE_DAMAGED, (seq), __VA_ARGS__)

/* ---- slices ---- */

static sp_storage_status begin_slice(walk *w)
{
    int error = mdb_txn_begin(w->env->mdb, NULL, MDB_RDONLY, &w->txn);
    if (error != 0) {
        w->txn = NULL;
        return fail(w, w->summary->seq + 1, "can't read", error);
    }
    error = mdb_cursor_open(w->txn, w->env->events, &w->events);
    if (error == 0)
        error = mdb_cursor_open(w->txn, w->env->batches, &w->batches);
    if (error != 0)
        return fail(w, w->summary->seq + 1, "can't read", error);
    w->events_placed = w->batches_placed = false;
    w->slice_began_ns = monotonic_ns();
    return SP_STORAGE_OK;
}

static void end_slice(walk *w)
{
    if (w->batches != NULL)
        mdb_cursor_close(w->batches);
    if (w->events != NULL)
        mdb_cursor_close(w->events);
    if (w->txn != NULL)
        mdb_txn_abort(w->txn);
    w->txn = NULL;
    w->events = w->batches = NULL;
}

/* Takes the events that wait, while the slice that they borrow from is open. */
static sp_storage_status take(walk *w)
{
    sp_seq seq = 0;
    const char *wrong = w->run != NULL ? sp_event_run_take(w->run, &seq) : NULL;
    if (wrong == NULL)
        return SP_STORAGE_OK;
    return DAMAGED(w, seq, "event %llu: %s", (unsigned long long)seq, wrong);
}

static sp_storage_status next_slice_if_due(walk *w)
{
    if (monotonic_ns() - w->slice_began_ns < SLICE_NS)
        return SP_STORAGE_OK;
    sp_storage_status status = take(w);
    if (status != SP_STORAGE_OK)
        return status;
    end_slice(w);
    if (w->config->on_slice != NULL)
        w->config->on_slice(w->config->context, w->summary->seq, w->summary->head.seq);
    return begin_slice(w);
}

/* ---- one event ---- */

static sp_storage_status fetch(walk *w, sp_seq seq, MDB_val *value)
{
    MDB_val key = sp_env_key(&seq);
    int error = mdb_cursor_get(w->events, &key, value, w->events_placed ? MDB_NEXT : MDB_SET_KEY);
    w->events_placed = true;
    if (error == MDB_NOTFOUND)
        return DAMAGED(w, seq, "event %llu is missing", (unsigned long long)seq);
    if (error != 0)
        return fail(w, seq, "can't read it", error);
    sp_seq found;
    if (!sp_env_number(&key, &found))
        return DAMAGED(w, seq, "event %llu: its key is not a seq", (unsigned long long)seq);
    if (found != seq)
        return DAMAGED(w, seq, "event %llu is missing: %llu stands in its place",
                       (unsigned long long)seq, (unsigned long long)found);
    if (value->mv_size == 0 || value->mv_size > SP_EVENT_SIZE_MAX)
        return DAMAGED(w, seq, "event %llu: no event is %zu bytes long", (unsigned long long)seq,
                       value->mv_size);
    return SP_STORAGE_OK;
}

/* By the way from the root that a reader by seq takes. */
static sp_storage_status look_up(walk *w, sp_seq seq, const MDB_val *value)
{
    MDB_val key = sp_env_key(&seq), again;
    int error = mdb_get(w->txn, w->env->events, &key, &again);
    if (error != 0 && error != MDB_NOTFOUND)
        return fail(w, seq, "can't look it up", error);
    if (error == MDB_NOTFOUND || again.mv_data != value->mv_data)
        return DAMAGED(w, seq, "event %llu is there, but is not found by its seq",
                       (unsigned long long)seq);
    return SP_STORAGE_OK;
}

/* Decodes an event into the run. */
static sp_storage_status use(walk *w, sp_seq seq, const MDB_val *value)
{
    const char *wrong =
        sp_event_run_add(w->run, seq, value->mv_data, value->mv_size, w->batch_time);
    if (wrong != NULL)
        return DAMAGED(w, seq, "event %llu: %s", (unsigned long long)seq, wrong);
    return SP_STORAGE_OK;
}

static sp_storage_status walk_event(walk *w, sp_seq seq)
{
    MDB_val value;
    sp_storage_status status = fetch(w, seq, &value);
    if (status != SP_STORAGE_OK)
        return status;
    sp_chain_add(&w->running, value.mv_data, (uint32_t)value.mv_size);
    if (w->config->lookups)
        status = look_up(w, seq, &value);
    if (status == SP_STORAGE_OK && w->run != NULL && seq >= w->config->from && seq <= w->until)
        status = use(w, seq, &value);
    if (status != SP_STORAGE_OK)
        return status;
    w->summary->seq = seq;
    w->summary->events_count++;
    w->summary->value_bytes += value.mv_size;
    return w->run != NULL && sp_event_run_full(w->run) ? take(w) : SP_STORAGE_OK;
}

/* ---- one batch ---- */

static sp_storage_status fetch_batch(walk *w, sp_seq first, sp_seq *last, sp_batch_record *record)
{
    sp_seq at_least = first;
    MDB_val key = sp_env_key(&at_least), value;
    int error =
        mdb_cursor_get(w->batches, &key, &value, w->batches_placed ? MDB_NEXT : MDB_SET_RANGE);
    w->batches_placed = true;
    if (error == MDB_NOTFOUND)
        return DAMAGED(w, first, "event %llu: no batch has it", (unsigned long long)first);
    if (error != 0)
        return fail(w, first, "can't read its batch", error);
    if (!sp_env_number(&key, last) || value.mv_size != SP_BATCH_RECORD_SIZE)
        return DAMAGED(w, first, "event %llu: its batch has no valid record",
                       (unsigned long long)first);
    sp_batch_record_read(value.mv_data, record);
    return SP_STORAGE_OK;
}

static sp_storage_status check_batch(walk *w, sp_seq first, sp_seq last,
                                     const sp_batch_record *record)
{
    if (last < first || last > w->summary->head.seq || record->count != last - first + 1)
        return DAMAGED(
            w, first, "event %llu: its batch ends at %llu and says that it has %llu events",
            (unsigned long long)first, (unsigned long long)last, (unsigned long long)record->count);
    if (record->time < w->batch_time || record->time <= 0 || record->time > SP_TIME_MAX)
        return DAMAGED(w, first, "event %llu: the time of its batch goes back, or is none",
                       (unsigned long long)first);
    return SP_STORAGE_OK;
}

static sp_storage_status walk_batch(walk *w, sp_seq first, sp_seq *last)
{
    sp_batch_record record;
    sp_storage_status status = fetch_batch(w, first, last, &record);
    if (status == SP_STORAGE_OK)
        status = check_batch(w, first, *last, &record);
    if (status != SP_STORAGE_OK)
        return status;
    w->batch_time = record.time;
    sp_chain_begin(&w->running, w->chain, first, record.count, record.time);
    for (sp_seq seq = first; seq <= *last; seq++) {
        status = walk_event(w, seq);
        if (status == SP_STORAGE_OK && seq % CLOCK_EVERY == 0)
            status = next_slice_if_due(w);
        if (status != SP_STORAGE_OK)
            return status;
    }
    sp_chain_end(&w->running, w->chain);
    if (memcmp(w->chain, record.chain, SP_CHAIN_SIZE) != 0)
        return DAMAGED(w, first,
                       "events %llu to %llu are not what was written: the chain does not match",
                       (unsigned long long)first, (unsigned long long)*last);
    w->summary->batches_count++;
    return SP_STORAGE_OK;
}

/* ---- the whole ---- */

/* The key of the last record, 0 if there is none; its value if wanted. */
static int last_key(MDB_cursor *cursor, sp_seq *out, MDB_val *value)
{
    MDB_val key, ignored;
    int error = mdb_cursor_get(cursor, &key, value != NULL ? value : &ignored, MDB_LAST);
    *out = 0;
    if (error == MDB_NOTFOUND)
        return 0;
    if (error == 0 && !sp_env_number(&key, out))
        error = MDB_CORRUPTED;
    return error;
}

/* The head as it stands now, and that nothing lies behind it: a batch and its
 * events are one transaction, so in any snapshot both end at one seq. */
static sp_storage_status read_head(walk *w)
{
    sp_log_head *head = &w->summary->head;
    MDB_val value;
    sp_seq last_event, last_batch;
    int error = last_key(w->batches, &last_batch, &value);
    if (error == 0)
        error = last_key(w->events, &last_event, NULL);
    if (error != 0)
        return fail(w, 0, "can't find the end of the log", error);
    sp_chain_genesis(&w->env->identity, head->chain);
    if (last_batch != 0 && value.mv_size != SP_BATCH_RECORD_SIZE)
        return DAMAGED(w, last_batch, "the last batch has no valid record");
    if (last_batch != 0) {
        sp_batch_record record;
        sp_batch_record_read(value.mv_data, &record);
        head->time = record.time;
        memcpy(head->chain, record.chain, SP_CHAIN_SIZE);
    }
    head->seq = last_batch;
    if (last_event > last_batch)
        return DAMAGED(w, last_batch + 1, "event %llu lies behind the last batch",
                       (unsigned long long)last_batch + 1);
    if (last_event < last_batch)
        return DAMAGED(w, last_event + 1, "event %llu is missing, and all behind it up to %llu",
                       (unsigned long long)last_event + 1, (unsigned long long)last_batch);
    MDB_stat stats;
    mdb_stat(w->txn, w->env->events, &stats);
    if (stats.ms_entries != last_event)
        return DAMAGED(w, 0, "the log says that it has %zu events, but ends at %llu",
                       stats.ms_entries, (unsigned long long)last_event);
    return SP_STORAGE_OK;
}

/* A batch is in the file when it is committed, and may be shown when it is
 * durable (engine/log.h). A writer that begins sees to it itself (storage/log.h);
 * whoever reads beside one, or after one was killed, flushes what he has found
 * before he shows it. Outside of a transaction: it may take its time. */
static sp_storage_status flush_found(walk *w)
{
    int fd = -1;
    if (w->env->mode != SP_ENV_READ)
        return SP_STORAGE_OK;
    end_slice(w);
    int error = mdb_env_get_fd(w->env->mdb, &fd);
    /* On a file system that is read-only there is nothing to flush. */
    if (error == 0 && fdatasync(fd) != 0 && errno != EROFS && errno != EINVAL)
        error = errno;
    if (error != 0)
        return sp_finding_set(w->finding, sp_env_status(error), 0, "can't flush the log: %s",
                              mdb_strerror(error));
    return begin_slice(w);
}

/* Where the walk begins: the first event of the batch that holds `from`, and
 * the chain before it. */
static sp_storage_status find_start(walk *w, sp_seq *first)
{
    *first = 1;
    sp_chain_genesis(&w->env->identity, w->chain);
    if (w->config->from <= 1)
        return SP_STORAGE_OK;
    sp_seq from = w->config->from;
    MDB_val key = sp_env_key(&from), value;
    int error = mdb_cursor_get(w->batches, &key, &value, MDB_SET_RANGE);
    error = mdb_cursor_get(w->batches, &key, &value, error == MDB_NOTFOUND ? MDB_LAST : MDB_PREV);
    if (error == MDB_NOTFOUND)
        return SP_STORAGE_OK;
    sp_seq before;
    if (error == 0 && (!sp_env_number(&key, &before) || value.mv_size != SP_BATCH_RECORD_SIZE))
        error = MDB_CORRUPTED;
    if (error != 0)
        return fail(w, from, "can't find the batch before it", error);
    sp_batch_record record;
    sp_batch_record_read(value.mv_data, &record);
    memcpy(w->chain, record.chain, SP_CHAIN_SIZE);
    w->batch_time = record.time;
    w->summary->seq = before;
    *first = before + 1;
    return SP_STORAGE_OK;
}

static sp_storage_status walk_all(walk *w)
{
    sp_seq first = 1, last = 0;
    sp_storage_status status = begin_slice(w);
    if (status == SP_STORAGE_OK)
        status = read_head(w);
    if (status == SP_STORAGE_OK)
        status = flush_found(w);
    if (status == SP_STORAGE_OK)
        status = find_start(w, &first);
    if (status != SP_STORAGE_OK)
        return status;
    w->batches_placed = false;
    sp_seq head = w->summary->head.seq;
    w->until = w->config->until == 0 || w->config->until > head ? head : w->config->until;
    for (; first <= w->until; first = last + 1) {
        status = walk_batch(w, first, &last);
        if (status == SP_STORAGE_OK)
            status = next_slice_if_due(w);
        if (status != SP_STORAGE_OK)
            return status;
    }
    return SP_STORAGE_OK;
}

sp_storage_status sp_recover(sp_env *env, const sp_recover_config *config,
                             sp_recover_summary *summary, sp_finding *finding)
{
    SP_ASSERT(env != NULL);
    sp_event_run run = {
        .state = config->state, .on_event = config->on_event, .context = config->context};
    walk w = {.env = env, .config = config, .summary = summary, .finding = finding};
    memset(summary, 0, sizeof *summary);
    if (config->state != NULL || config->on_event != NULL) {
        if (!sp_event_run_init(&run))
            return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "out of memory");
        w.run = &run;
    }
    sp_storage_status status = walk_all(&w);
    /* What still waits lies before whatever has ended the walk: if something is
     * wrong with it, that is what is told. */
    sp_storage_status taken = take(&w);
    if (taken != SP_STORAGE_OK)
        status = taken;
    end_slice(&w);
    if (w.run != NULL)
        sp_event_run_close(w.run);
    if (config->on_slice != NULL)
        config->on_slice(config->context, summary->seq, summary->head.seq);
    /* Not before: until here it may hold a suspicion (sp_env_open). */
    if (status == SP_STORAGE_OK)
        sp_finding_clear(finding);
    return status;
}
