/* SPDX-License-Identifier: MIT */
#include "storage/side.h"

#include <stdlib.h>

#include "storage/bytes.h"
#include "storage/profiles.h"
#include "storage/sessions.h"

/* Records a read transaction: some milliseconds of work. */
#define SLICE_RECORDS 8192u
/* LMDB's own database of free pages; its data are lists: a count, then page
 * numbers from high to low, all of the machine's word. */
#define FREE_DBI 0
#define META_PAGES 2

static sp_storage_status damaged_profile(uint64_t user, const char *what, sp_finding *finding)
{
    return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0, "profile of user %llu: %s",
                          (unsigned long long)user, what);
}

static sp_storage_status check_profile(sp_env *env, MDB_txn *txn, uint64_t user,
                                       const MDB_val *value, sp_finding *finding)
{
    sp_profile profile;
    char folded[SP_EMAIL_SIZE_MAX];
    if (!sp_profile_decode(value->mv_data, value->mv_size, &profile) || profile.email_size == 0)
        return damaged_profile(user, "not a profile", finding);
    if (profile.user != user)
        return damaged_profile(user, "it is another user's", finding);
    sp_email_fold((sp_text){profile.email, profile.email_size}, folded);
    MDB_val key = {profile.email_size, folded}, id;
    int error = mdb_get(txn, env->emails, &key, &id);
    if (error != 0 || id.mv_size != 4 || sp_bytes_get32(id.mv_data) != user)
        return damaged_profile(user, "it is not found by its e-mail", finding);
    return SP_STORAGE_OK;
}

/* From `*next` on; *next = 0 when there are no more. */
static sp_storage_status check_slice(sp_env *env, MDB_txn *txn, uint64_t *next,
                                     sp_side_report *report, sp_finding *finding)
{
    MDB_cursor *cursor;
    uint64_t from = *next;
    MDB_val key = sp_env_key(&from), value;
    sp_storage_status status = SP_STORAGE_OK;
    int error = mdb_cursor_open(txn, env->profiles, &cursor);
    if (error != 0)
        return damaged_profile(from, mdb_strerror(error), finding);
    error = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (uint32_t i = 0; error == 0 && i < SLICE_RECORDS; i++) {
        uint64_t user;
        /* Strictly upwards: a damaged tree can't lead round in a circle. */
        if (!sp_env_number(&key, &user) || user < *next) {
            status = damaged_profile(*next, "its key is out of order", finding);
            goto close;
        }
        status = check_profile(env, txn, user, &value, finding);
        if (status != SP_STORAGE_OK)
            goto close;
        report->profiles_count++;
        *next = user + 1;
        error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (error == MDB_NOTFOUND)
        *next = 0;
    else if (error != 0)
        status = damaged_profile(*next, mdb_strerror(error), finding);
close:
    mdb_cursor_close(cursor);
    return status;
}

static sp_storage_status same_count(sp_env *env, MDB_txn *txn, sp_finding *finding)
{
    MDB_stat profiles, emails;
    mdb_stat(txn, env->profiles, &profiles);
    mdb_stat(txn, env->emails, &emails);
    if (profiles.ms_entries != emails.ms_entries)
        return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0,
                              "there are %zu profiles, but %zu e-mails in their index",
                              profiles.ms_entries, emails.ms_entries);
    return SP_STORAGE_OK;
}

sp_storage_status sp_side_check_profiles(sp_env *env, sp_side_report *report, sp_finding *finding)
{
    uint64_t next = 1;
    sp_storage_status status = SP_STORAGE_OK;
    report->profiles_count = 0;
    while (next != 0 && status == SP_STORAGE_OK) {
        MDB_txn *txn;
        int error = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
        if (error != 0)
            return sp_finding_set(finding, sp_env_status(error), 0, "can't read profiles: %s",
                                  mdb_strerror(error));
        status = check_slice(env, txn, &next, report, finding);
        if (status == SP_STORAGE_OK && next == 0)
            status = same_count(env, txn, finding);
        mdb_txn_abort(txn);
    }
    return status;
}

/* ---- sessions ---- */

/* Who they are of, and nothing of what they hold. */
static sp_storage_status damaged_session(const char *what, sp_finding *finding)
{
    return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0, "sessions: %s", what);
}

static const char *check_session(const MDB_val *key, const MDB_val *value)
{
    uint8_t own[SP_SESSION_KEY_SIZE];
    sp_session session;
    if (!sp_session_decode(value->mv_data, value->mv_size, &session))
        return "a record is none";
    sp_session_key(session.user, session.id, own);
    if (key->mv_size != sizeof own || memcmp(key->mv_data, own, sizeof own) != 0)
        return "a record stands under another's key";
    return NULL;
}

/* The key right behind this one. */
static void step(uint8_t key[SP_SESSION_KEY_SIZE])
{
    for (size_t i = SP_SESSION_KEY_SIZE; i-- > 0 && ++key[i] == 0;) {
    }
}

/* From `next` on, which moves; *is_end when there are no more. */
static sp_storage_status check_sessions_slice(sp_env *env, MDB_txn *txn,
                                              uint8_t next[SP_SESSION_KEY_SIZE], bool *is_end,
                                              sp_side_report *report, sp_finding *finding)
{
    MDB_cursor *cursor;
    MDB_val key = {SP_SESSION_KEY_SIZE, next}, value;
    const char *wrong = NULL;
    int error = mdb_cursor_open(txn, env->sessions, &cursor);
    if (error != 0)
        return damaged_session(mdb_strerror(error), finding);
    error = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (uint32_t i = 0; error == 0 && wrong == NULL && i < SLICE_RECORDS; i++) {
        wrong = check_session(&key, &value);
        if (wrong == NULL && memcmp(key.mv_data, next, SP_SESSION_KEY_SIZE) < 0)
            wrong = "a key is out of order"; /* no going round in a circle */
        if (wrong != NULL)
            break;
        memcpy(next, key.mv_data, SP_SESSION_KEY_SIZE);
        step(next);
        report->sessions_count++;
        error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    *is_end = error == MDB_NOTFOUND;
    mdb_cursor_close(cursor);
    if (wrong == NULL && error != 0 && error != MDB_NOTFOUND)
        wrong = mdb_strerror(error);
    return wrong == NULL ? SP_STORAGE_OK : damaged_session(wrong, finding);
}

sp_storage_status sp_side_check_sessions(sp_env *env, sp_side_report *report, sp_finding *finding)
{
    uint8_t next[SP_SESSION_KEY_SIZE] = {0};
    sp_storage_status status = SP_STORAGE_OK;
    bool is_end = !env->has_sessions;
    report->sessions_count = 0;
    while (!is_end && status == SP_STORAGE_OK) {
        MDB_txn *txn;
        int error = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
        if (error != 0)
            return sp_finding_set(finding, sp_env_status(error), 0, "can't read sessions: %s",
                                  mdb_strerror(error));
        status = check_sessions_slice(env, txn, next, &is_end, report, finding);
        mdb_txn_abort(txn);
    }
    return status;
}

/* ---- free pages ---- */

static sp_storage_status damaged_pages(const char *what, sp_finding *finding)
{
    return sp_finding_set(finding, SP_STORAGE_DAMAGED, 0, "the list of free pages: %s", what);
}

/* One record: marks its pages in `seen`, a bit a page. */
static const char *check_free_list(const MDB_val *value, uint64_t pages_count, uint8_t *seen,
                                   sp_side_report *report)
{
    size_t words = value->mv_size / sizeof(size_t);
    const uint8_t *at = value->mv_data;
    size_t count, page, before = pages_count;
    if (words == 0 || value->mv_size % sizeof(size_t) != 0)
        return "a record is no list";
    memcpy(&count, at, sizeof count);
    if (count > words - 1)
        return "a record says that it is longer than it is";
    for (size_t i = 1; i <= count; i++) {
        memcpy(&page, at + i * sizeof page, sizeof page);
        if (page < META_PAGES || page >= before)
            return "a page is out of order or does not exist";
        if (seen[page / 8] & (1u << page % 8))
            return "a page is listed twice";
        seen[page / 8] |= (uint8_t)(1u << page % 8);
        before = page;
    }
    report->free_pages_count += count;
    return NULL;
}

static sp_storage_status walk_free_lists(MDB_txn *txn, uint8_t *seen, sp_side_report *report,
                                         sp_finding *finding)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    uint64_t before = 0, made_by;
    const char *wrong = NULL;
    int error = mdb_cursor_open(txn, FREE_DBI, &cursor);
    if (error != 0)
        return damaged_pages(mdb_strerror(error), finding);
    while (wrong == NULL && (error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0) {
        if (!sp_env_number(&key, &made_by) || made_by <= before || made_by > mdb_txn_id(txn))
            wrong = "its records are out of order";
        else
            wrong = check_free_list(&value, report->pages_count, seen, report);
        before = made_by;
    }
    if (wrong == NULL && error != MDB_NOTFOUND)
        wrong = mdb_strerror(error);
    mdb_cursor_close(cursor);
    return wrong == NULL ? SP_STORAGE_OK : damaged_pages(wrong, finding);
}

sp_storage_status sp_side_check_pages(sp_env *env, sp_side_report *report, sp_finding *finding)
{
    MDB_txn *txn;
    MDB_envinfo info;
    MDB_stat stats;
    int error = mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn);
    if (error != 0)
        return damaged_pages(mdb_strerror(error), finding);
    /* Asked after the transaction began: a writer beside us may have added
     * pages since, never fewer than this snapshot has. */
    mdb_env_info(env->mdb, &info);
    mdb_env_stat(env->mdb, &stats);
    report->pages_count = info.me_last_pgno + 1;
    report->page_bytes = stats.ms_psize;
    report->free_pages_count = 0;
    sp_storage_status status;
    uint8_t *seen = calloc(1, report->pages_count / 8 + 1);
    if (seen == NULL)
        status = sp_finding_set(finding, SP_STORAGE_FAILED, 0, "out of memory");
    else
        status = walk_free_lists(txn, seen, report, finding);
    free(seen);
    mdb_txn_abort(txn);
    return status;
}
