/* SPDX-License-Identifier: MIT */
#include "storage/log_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "engine/assert.h"
#include "engine/fault.h"
#include "storage/bytes.h"
#include "storage/codec.h"

#define BATCH_BYTES_INITIAL (1u << 20)
#define SPACE_SAMPLE_NS INT64_C(100000000)
#define READER_CHECK_NS INT64_C(30000000000)

static int64_t monotonic_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void drop_batch(sp_event_log *log)
{
    if (log->txn != NULL)
        mdb_txn_abort(log->txn); /* closes its cursor too */
    log->txn = NULL;
    log->events = NULL;
    log->count = 0;
    log->size = 0;
    log->has_sides = false;
}

sp_log_status sp_event_log_fail(sp_event_log *log, const char *what, int error)
{
    snprintf(log->error, sizeof log->error, "%s after event %llu: %s", what,
             (unsigned long long)(log->head.seq + log->count), mdb_strerror(error));
    log->failed = true;
    atomic_store_explicit(&log->env->is_broken, true, memory_order_release);
    drop_batch(log);
    return SP_LOG_FAILED;
}

/* Release: whoever waits in storage/profiles.c goes on with what the flush
 * before this has made durable. */
static void mark_durable(sp_event_log *log, uint64_t txn_id)
{
    atomic_store_explicit(&log->env->durable_txn, txn_id, memory_order_release);
}

int sp_event_log_begin(sp_event_log *log)
{
    if (log->txn != NULL)
        return 0;
    if (log->space == SP_SPACE_PLENTY)
        sp_room_make(&log->room);
    int error = mdb_txn_begin(log->env->mdb, NULL, 0, &log->txn);
    if (error != 0) {
        log->txn = NULL;
        return error;
    }
    return mdb_cursor_open(log->txn, log->env->events, &log->events);
}

/* Room for one more event of any size. */
static bool reserve(sp_event_log *log)
{
    if (log->capacity - log->size >= 4 + SP_EVENT_SIZE_MAX)
        return true;
    uint8_t *bytes = realloc(log->bytes, log->capacity * 2);
    if (bytes == NULL)
        return false;
    log->bytes = bytes;
    log->capacity *= 2;
    return true;
}

static sp_log_status on_append(sp_log *self, const sp_event *event)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    SP_ASSERT_CMP(event->seq, ==, log->head.seq + log->count + 1);
    SP_ASSERT_CMP(event->time, >=, log->last_time);
    int error = sp_event_log_begin(log);
    if (error != 0)
        return sp_event_log_fail(log, "can't begin a batch", error);
    if (!reserve(log))
        return sp_event_log_fail(log, "no memory for a batch", ENOMEM);

    uint8_t *at = log->bytes + log->size;
    size_t size = sp_codec_encode(event, at + 4);
    sp_bytes_put32(at, (uint32_t)size);
    uint64_t seq = event->seq;
    MDB_val key = sp_env_key(&seq), value = {size, at + 4};
    error = mdb_cursor_put(log->events, &key, &value, MDB_APPEND);
    if (error != 0)
        return sp_event_log_fail(log, "can't append", error);
    log->size += 4 + size;
    log->count++;
    log->last_time = event->time;
    return SP_LOG_OK;
}

/* A reader process that died leaves its snapshot pinned, and the file grows. */
static void clear_stale_readers(sp_event_log *log)
{
    int64_t now = monotonic_ns();
    int stale;
    if (now - log->readers_checked_ns < READER_CHECK_NS)
        return;
    log->readers_checked_ns = now;
    mdb_reader_check(log->env->mdb, &stale);
}

/* The record of the batch's events, chained to the one before. 0 or an LMDB
 * error. */
static int put_batch_record(sp_event_log *log, sp_batch_record *record)
{
    sp_chain chain;
    sp_chain_begin(&chain, log->head.chain, log->head.seq + 1, record->count, record->time);
    sp_chain_add_framed(&chain, log->bytes, log->size);
    sp_chain_end(&chain, record->chain);

    uint8_t bytes[SP_BATCH_RECORD_SIZE];
    sp_batch_record_write(record, bytes);
    uint64_t last = log->head.seq + log->count;
    MDB_val key = sp_env_key(&last), value = {sizeof bytes, bytes};
    return mdb_put(log->txn, log->env->batches, &key, &value, MDB_APPEND);
}

/* Of a transaction that has come to nothing (families ended where there were
 * none), LMDB writes and flushes nothing. But a commit owes the batch before it
 * a flush. */
static int flush_if_nothing_was_written(sp_event_log *log, size_t txn_id)
{
    MDB_envinfo info;
    int error = mdb_env_info(log->env->mdb, &info);
    if (error != 0 || info.me_last_txnid == txn_id || SP_FAULT(NOSYNC))
        return error;
    return mdb_env_sync(log->env->mdb, 1);
}

static sp_log_status on_commit(sp_log *self, sp_time_ms time)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    if (log->count == 0 && !log->has_sides) {
        drop_batch(log); /* a refused profile or a read may have begun it */
        return SP_LOG_OK;
    }
    SP_ASSERT_CMP(time, >=, log->last_time);
    sp_batch_record record = {.count = log->count, .time = time};
    int error = log->count > 0 ? put_batch_record(log, &record) : 0;
    if (error != 0)
        return sp_event_log_fail(log, "can't append a batch", error);
    size_t id = mdb_txn_id(log->txn);
    error = mdb_txn_commit(log->txn);
    log->txn = NULL; /* gone either way, and its cursor with it */
    log->events = NULL;
    if (error == 0)
        error = flush_if_nothing_was_written(log, id);
    if (error != 0)
        return sp_event_log_fail(log, "can't commit", error);

    mark_durable(log, id - 1); /* by this one's flush of its pages */
    log->settled = false;
    /* Side records alone leave the head where it is: the chain is over events. */
    if (log->count > 0) {
        log->head.seq += log->count;
        log->head.time = time;
        memcpy(log->head.chain, record.chain, SP_CHAIN_SIZE);
    }
    log->count = 0;
    log->size = 0;
    log->has_sides = false;
    clear_stale_readers(log);
    return SP_LOG_OK;
}

static sp_log_status on_settle(sp_log *self)
{
    sp_event_log *log = (sp_event_log *)self;
    if (log->failed)
        return SP_LOG_FAILED;
    SP_ASSERT(log->txn == NULL);
    if (log->settled)
        return SP_LOG_OK;
    MDB_envinfo info;
    int error = SP_FAULT(NOSYNC) ? 0 : mdb_env_sync(log->env->mdb, 1);
    if (error == 0)
        error = mdb_env_info(log->env->mdb, &info);
    if (error != 0)
        return sp_event_log_fail(log, "can't flush", error);
    mark_durable(log, info.me_last_txnid);
    log->settled = true;
    return SP_LOG_OK;
}

/* What was found at the start may be in the page cache alone, and worse: after a
 * flush that failed the kernel takes the meta page for written, and no later
 * flush writes it. Going on from there, LMDB would in the end write over the
 * pages of the last snapshot that the disk has. So the meta page in use is
 * written again, as it stands, and flushed, before anything else is. */
static int settle_found(sp_event_log *log)
{
    MDB_envinfo info;
    MDB_stat stats;
    int fd;
    if (SP_FAULT(NOSYNC))
        return 0;
    int error = mdb_env_get_fd(log->env->mdb, &fd);
    if (error == 0)
        error = mdb_env_info(log->env->mdb, &info);
    if (error == 0)
        error = mdb_env_stat(log->env->mdb, &stats);
    if (error != 0)
        return error;
    ssize_t size = (ssize_t)stats.ms_psize;
    off_t offset = (off_t)(info.me_last_txnid % 2) * size;
    void *page = malloc((size_t)size);
    if (page == NULL)
        return ENOMEM;
    errno = 0;
    if (pread(fd, page, (size_t)size, offset) != size ||
        pwrite(fd, page, (size_t)size, offset) != size)
        error = errno != 0 ? errno : EIO;
    free(page);
    return error != 0 ? error : mdb_env_sync(log->env->mdb, 1);
}

/* What the file system has left, or the map if that is less. */
static int64_t probe_disk(void *context)
{
    sp_event_log *log = context;
    struct statvfs fs;
    MDB_envinfo info;
    MDB_stat stats;
    if (statvfs(log->env->dir, &fs) != 0)
        return -1;
    int64_t disk = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
    mdb_env_info(log->env->mdb, &info);
    mdb_env_stat(log->env->mdb, &stats);
    int64_t map = (int64_t)info.me_mapsize - (int64_t)(info.me_last_pgno + 1) * stats.ms_psize;
    return disk < map ? disk : map;
}

static sp_log_space on_space(sp_log *self)
{
    sp_event_log *log = (sp_event_log *)self;
    int64_t now = monotonic_ns();
    if (now - log->space_sampled_ns < SPACE_SAMPLE_NS)
        return log->space;
    log->space_sampled_ns = now;
    int64_t left = log->probe(log->probe_context);
    if (left < 0) /* unknown: keep what was known; a full disk fails the commit */
        return log->space;
    log->space = left < SP_SPACE_NONE_BYTES  ? SP_SPACE_NONE
                 : left < SP_SPACE_LOW_BYTES ? SP_SPACE_LOW
                                             : SP_SPACE_PLENTY;
    return log->space;
}

static int read_head(sp_event_log *log)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    sp_chain_genesis(&log->env->identity, log->head.chain);
    int error = mdb_txn_begin(log->env->mdb, NULL, MDB_RDONLY, &txn);
    if (error != 0)
        return error;
    error = mdb_cursor_open(txn, log->env->batches, &cursor);
    if (error != 0)
        goto abort;
    error = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (error == 0) {
        sp_batch_record record;
        if (!sp_env_number(&key, &log->head.seq) || value.mv_size != SP_BATCH_RECORD_SIZE) {
            error = MDB_CORRUPTED;
        } else {
            sp_batch_record_read(value.mv_data, &record);
            log->head.time = record.time;
            memcpy(log->head.chain, record.chain, SP_CHAIN_SIZE);
        }
    } else if (error == MDB_NOTFOUND) {
        error = 0; /* empty: the genesis */
    }
    mdb_cursor_close(cursor);
abort:
    mdb_txn_abort(txn);
    return error;
}

sp_storage_status sp_event_log_create(sp_env *env, sp_event_log **out, sp_finding *finding)
{
    SP_ASSERT(env->mode != SP_ENV_READ);
    sp_finding_clear(finding);
    *out = NULL;
    sp_event_log *log = calloc(1, sizeof *log);
    if (log != NULL)
        log->bytes = malloc(BATCH_BYTES_INITIAL);
    if (log == NULL || log->bytes == NULL) {
        free(log);
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "out of memory");
    }
    log->log =
        (sp_log){.append = on_append, .commit = on_commit, .settle = on_settle, .space = on_space};
    sp_event_log_side_init(log);
    log->env = env;
    sp_room_init(&log->room, env->mdb);
    log->capacity = BATCH_BYTES_INITIAL;
    log->probe = probe_disk;
    log->probe_context = log;
    log->space_sampled_ns = -SPACE_SAMPLE_NS;
    log->readers_checked_ns = monotonic_ns();
    int error = read_head(log);
    if (error != 0) {
        sp_event_log_destroy(log);
        return sp_finding_set(finding, sp_env_status(error), 0, "the last batch: %s",
                              mdb_strerror(error));
    }
    error = settle_found(log);
    if (error != 0) {
        sp_event_log_destroy(log);
        return sp_finding_set(finding, SP_STORAGE_FAILED, 0, "can't flush the log: %s",
                              mdb_strerror(error));
    }
    log->settled = true;
    MDB_envinfo info;
    mdb_env_info(log->env->mdb, &info); /* fails only without an environment */
    mark_durable(log, info.me_last_txnid);
    log->last_time = log->head.time;
    *out = log;
    return SP_STORAGE_OK;
}

void sp_event_log_destroy(sp_event_log *log)
{
    if (log == NULL)
        return;
    drop_batch(log);
    free(log->bytes);
    free(log);
}

sp_log *sp_event_log_interface(sp_event_log *log)
{
    return &log->log;
}

const char *sp_event_log_error(const sp_event_log *log)
{
    return log->error;
}

void sp_event_log_head(const sp_event_log *log, sp_log_head *out)
{
    *out = log->head;
}

void sp_event_log_probe(sp_event_log *log, sp_space_probe probe, void *context)
{
    log->probe = probe;
    log->probe_context = context;
    log->space_sampled_ns = -SPACE_SAMPLE_NS;
}
