/* SPDX-License-Identifier: MIT */
#include "bench/floor_log.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/assert.h"
#include "storage/room.h"

/* As the server bounds its batches. */
#define BATCH_MAX 8192u
#define MAP_BYTES (UINT64_C(256) << 30)

/* Slots on their way back, newest first. */
typedef struct batch {
    sp_slot *newest, *oldest;
} batch;

struct sp_bench_floor_log {
    sp_queue *queue;
    sp_bench_floor_commit discipline;
    MDB_env *env;
    MDB_dbi dbi;
    sp_room room;
    uint64_t last; /* number of the last record */
    batch pending; /* grouped: committed, not durable yet */
    sp_slot *slots[BATCH_MAX];
    pthread_t thread;
    bool runs;
    _Atomic bool stopping;
};

/* Memory is ahead of the file: no answer may follow. */
_Noreturn static void fail(const char *what, int error)
{
    fprintf(stderr, "stagepick bench floor: can't %s: %s\n", what, mdb_strerror(error));
    _exit(1);
}

static void must(const char *what, int error)
{
    if (error != 0)
        fail(what, error);
}

static void release(batch *b)
{
    if (b->newest != NULL)
        sp_mailbox_put_chain(b->newest->mailbox, b->newest, b->oldest);
    *b = (batch){NULL, NULL};
}

static void put_all(sp_bench_floor_log *log, MDB_txn *txn, uint32_t count)
{
    MDB_cursor *cursor;
    uint8_t record[SP_BENCH_FLOOR_RECORD_SIZE] = {0};
    must("open a cursor", mdb_cursor_open(txn, log->dbi, &cursor));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = ++log->last;
        memcpy(record, &number, sizeof number);
        MDB_val key = {sizeof number, &number}, value = {sizeof record, record};
        must("append", mdb_cursor_put(cursor, &key, &value, MDB_APPEND));
    }
    mdb_cursor_close(cursor);
}

static void commit(sp_bench_floor_log *log, uint32_t count)
{
    MDB_txn *txn;
    batch done = {NULL, log->slots[0]};
    for (uint32_t i = 0; i < count; i++) {
        log->slots[i]->next = done.newest;
        done.newest = log->slots[i];
    }
    if (log->discipline == SP_BENCH_FLOOR_GROUPED)
        sp_room_make(&log->room);
    must("begin", mdb_txn_begin(log->env, NULL, 0, &txn));
    put_all(log, txn, count);
    must("commit", mdb_txn_commit(txn));
    if (log->discipline == SP_BENCH_FLOOR_LMDB) {
        release(&done);
        return;
    }
    release(&log->pending);
    log->pending = done;
}

static void *run(void *context)
{
    sp_bench_floor_log *log = context;
    for (;;) {
        /* Before the pop: what was pushed before stop is popped. */
        bool stopping = atomic_load_explicit(&log->stopping, memory_order_acquire);
        uint32_t count = sp_queue_pop(log->queue, log->slots, BATCH_MAX);
        if (count > 0) {
            commit(log, count);
        } else if (log->pending.newest != NULL) {
            must("flush", mdb_env_sync(log->env, 1));
            release(&log->pending);
        } else if (stopping) {
            return NULL;
        } else {
            sp_queue_wait(log->queue, -1);
        }
    }
}

/* The handle, and the number of the last record of an earlier run. */
static int open_records(sp_bench_floor_log *log)
{
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val key, value;
    int error = mdb_txn_begin(log->env, NULL, 0, &txn);
    if (error != 0)
        return error;
    error = mdb_dbi_open(txn, NULL, MDB_INTEGERKEY | MDB_CREATE, &log->dbi);
    if (error == 0)
        error = mdb_cursor_open(txn, log->dbi, &cursor);
    if (error != 0) {
        mdb_txn_abort(txn);
        return error;
    }
    error = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (error == 0)
        memcpy(&log->last, key.mv_data, sizeof log->last);
    mdb_cursor_close(cursor);
    int committed = mdb_txn_commit(txn);
    return error != 0 && error != MDB_NOTFOUND ? error : committed;
}

static int open_env(sp_bench_floor_log *log, const char *dir)
{
    char path[PATH_MAX];
    unsigned flags = MDB_NOSUBDIR | MDB_NOTLS | MDB_NORDAHEAD;
    if (log->discipline == SP_BENCH_FLOOR_GROUPED)
        flags |= MDB_NOMETASYNC;
    if (mkdir(dir, 0700) != 0 && errno != EEXIST)
        return errno;
    if (snprintf(path, sizeof path, "%s/%s", dir, SP_BENCH_FLOOR_FILE) >= (int)sizeof path)
        return ENAMETOOLONG;
    int error = mdb_env_create(&log->env);
    if (error == 0)
        error = mdb_env_set_mapsize(log->env, MAP_BYTES);
    if (error == 0)
        error = mdb_env_open(log->env, path, flags, 0600);
    return error != 0 ? error : open_records(log);
}

sp_bench_floor_log *sp_bench_floor_log_open(const char *dir, sp_bench_floor_commit commit_by,
                                            sp_queue *queue)
{
    sp_bench_floor_log *log = calloc(1, sizeof *log);
    int error = ENOMEM;
    if (log != NULL) {
        log->queue = queue;
        log->discipline = commit_by;
        error = open_env(log, dir);
    }
    if (error != 0) {
        fprintf(stderr, "stagepick bench floor: can't open %s/%s: %s\n", dir, SP_BENCH_FLOOR_FILE,
                mdb_strerror(error));
        sp_bench_floor_log_close(log);
        return NULL;
    }
    sp_room_init(&log->room, log->env);
    return log;
}

bool sp_bench_floor_log_start(sp_bench_floor_log *log)
{
    int error = pthread_create(&log->thread, NULL, run, log);
    if (error != 0)
        fprintf(stderr, "stagepick bench floor: no thread: %s\n", strerror(error));
    log->runs = error == 0;
    return log->runs;
}

void sp_bench_floor_log_stop(sp_bench_floor_log *log)
{
    if (log == NULL || !log->runs)
        return;
    /* Release: pairs with the thread's acquire before its last pop. */
    atomic_store_explicit(&log->stopping, true, memory_order_release);
    sp_queue_interrupt(log->queue);
    pthread_join(log->thread, NULL);
    log->runs = false;
}

void sp_bench_floor_log_close(sp_bench_floor_log *log)
{
    if (log == NULL)
        return;
    SP_ASSERT(!log->runs);
    if (log->env != NULL)
        mdb_env_close(log->env);
    free(log);
}
