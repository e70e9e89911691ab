/* SPDX-License-Identifier: MIT */
#include "storage/sessions.h"

#include <sodium.h>

#include "engine/limits.h"
#include "storage/bytes.h"
#include "storage/packing.h"
#include "storage/reader.h"

enum {
    VERSION = 1,
    FIELDS = 8,
    RECORD_SIZE_MAX = 1 + 1 + 5 + 9 + 3 * 9 + 2 * (2 + SP_SESSION_HASH_SIZE),
};

static const sp_session_hash no_hash;

/* ---- bytes ---- */

static void put_big_endian(uint8_t *out, uint64_t number, size_t size)
{
    for (size_t i = size; i-- > 0; number >>= 8)
        out[i] = (uint8_t)number;
}

void sp_session_key(sp_user_id user, sp_session_id id, uint8_t out[SP_SESSION_KEY_SIZE])
{
    put_big_endian(out, user, 4);
    put_big_endian(out + 4, id, 8);
}

static bool is_of_user(const MDB_val *key, sp_user_id user)
{
    uint8_t prefix[4];
    put_big_endian(prefix, user, 4);
    return key->mv_size == SP_SESSION_KEY_SIZE && memcmp(key->mv_data, prefix, 4) == 0;
}

static size_t encode(const sp_session *session, uint8_t bytes[RECORD_SIZE_MAX])
{
    sp_packing out;
    sp_packing_init(&out, bytes, RECORD_SIZE_MAX);
    sp_packing_array(&out, FIELDS);
    sp_packing_uint(&out, VERSION);
    sp_packing_uint(&out, session->user);
    sp_packing_uint(&out, session->id);
    sp_packing_count(&out, session->created_at);
    sp_packing_count(&out, session->rotated_at);
    sp_packing_count(&out, session->spent_at);
    sp_packing_bin(&out, session->live.bytes, SP_SESSION_HASH_SIZE);
    sp_packing_bin(&out, session->spent.bytes, SP_SESSION_HASH_SIZE);
    return out.size;
}

bool sp_session_decode(const void *bytes, size_t size, sp_session *out)
{
    sp_reader in;
    sp_reader_init(&in, bytes, size);
    sp_reader_array(&in, FIELDS, FIELDS);
    sp_reader_uint(&in, VERSION, VERSION);
    out->user = (sp_user_id)sp_reader_uint(&in, 1, UINT32_MAX);
    out->id = sp_reader_uint(&in, 1, UINT64_MAX);
    out->created_at = (sp_time_ms)sp_reader_uint(&in, 0, SP_TIME_MAX);
    out->rotated_at = (sp_time_ms)sp_reader_uint(&in, 0, SP_TIME_MAX);
    out->spent_at = (sp_time_ms)sp_reader_uint(&in, 0, SP_TIME_MAX);
    sp_reader_bin(&in, out->live.bytes, SP_SESSION_HASH_SIZE);
    sp_reader_bin(&in, out->spent.bytes, SP_SESSION_HASH_SIZE);
    if (sp_reader_end(&in) != NULL)
        return false;
    return out->spent_at != 0 || memcmp(&out->spent, &no_hash, sizeof no_hash) == 0;
}

/* A record under its own key. */
static int decode_at(const MDB_val *key, const MDB_val *value, sp_session *out)
{
    uint8_t own[SP_SESSION_KEY_SIZE];
    if (!sp_session_decode(value->mv_data, value->mv_size, out))
        return MDB_CORRUPTED;
    sp_session_key(out->user, out->id, own);
    if (key->mv_size != sizeof own || memcmp(key->mv_data, own, sizeof own) != 0)
        return MDB_CORRUPTED;
    return 0;
}

/* ---- one ---- */

int sp_session_get(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_session_id id,
                   sp_session *out)
{
    uint8_t bytes[SP_SESSION_KEY_SIZE];
    sp_session_key(user, id, bytes);
    MDB_val key = {sizeof bytes, bytes}, value;
    int error = mdb_get(txn, env->sessions, &key, &value);
    return error != 0 ? error : decode_at(&key, &value, out);
}

static int put(const sp_env *env, MDB_txn *txn, const sp_session *session)
{
    uint8_t key_bytes[SP_SESSION_KEY_SIZE], record[RECORD_SIZE_MAX];
    SP_ASSERT_CMP(session->user, !=, 0);
    SP_ASSERT_CMP(session->id, !=, 0);
    sp_session_key(session->user, session->id, key_bytes);
    MDB_val key = {sizeof key_bytes, key_bytes}, value = {encode(session, record), record};
    return mdb_put(txn, env->sessions, &key, &value, 0);
}

int sp_session_put(const sp_env *env, MDB_txn *txn, const sp_session *session)
{
    sp_session old;
    int error = sp_session_get(env, txn, session->user, session->id, &old);
    return error != 0 ? error : put(env, txn, session);
}

static int end_one(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_session_id id)
{
    uint8_t bytes[SP_SESSION_KEY_SIZE];
    sp_session_key(user, id, bytes);
    MDB_val key = {sizeof bytes, bytes};
    int error = mdb_del(txn, env->sessions, &key, NULL);
    return error == MDB_NOTFOUND ? 0 : error;
}

/* ---- all of a user ---- */

/* Called for each family of a user; ends it if true. */
typedef bool (*judge)(void *context, const sp_session *session);

static int sift(const sp_env *env, MDB_txn *txn, sp_user_id user, judge is_over, void *context)
{
    uint8_t bytes[SP_SESSION_KEY_SIZE];
    MDB_cursor *cursor;
    sp_session_key(user, 0, bytes);
    MDB_val key = {sizeof bytes, bytes}, value;
    int error = mdb_cursor_open(txn, env->sessions, &cursor);
    if (error != 0)
        return error;
    error = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    while (error == 0 && is_of_user(&key, user)) {
        sp_session session;
        error = decode_at(&key, &value, &session);
        if (error == 0 && is_over(context, &session))
            error = mdb_cursor_del(cursor, 0);
        if (error == 0)
            error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    return error == MDB_NOTFOUND ? 0 : error;
}

static bool is_not_kept(void *context, const sp_session *session)
{
    const sp_sid *keep = context;
    return sp_session_sid(session->id) != *keep;
}

int sp_sessions_end(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_session_id id, sp_sid keep)
{
    if (id != 0)
        return end_one(env, txn, user, id);
    return sift(env, txn, user, is_not_kept, &keep);
}

/* ---- a new one ---- */

static bool is_expired(const sp_session *session, sp_time_ms now)
{
    return now - session->rotated_at >= SP_SESSION_TTL_MS;
}

typedef struct crowd {
    sp_time_ms now;
    uint32_t count;
    sp_session oldest; /* rotated longest ago */
} crowd;

static bool is_expired_else_counted(void *context, const sp_session *session)
{
    crowd *c = context;
    if (is_expired(session, c->now))
        return true;
    if (c->count++ == 0 || session->rotated_at < c->oldest.rotated_at)
        c->oldest = *session;
    return false;
}

/* Ends what has expired of the user's, and of the rest the oldest until one
 * more fits. */
static int make_room(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_time_ms now)
{
    for (;;) {
        crowd c = {.now = now};
        int error = sift(env, txn, user, is_expired_else_counted, &c);
        if (error != 0 || c.count < SP_SESSIONS_PER_USER_MAX)
            return error;
        error = end_one(env, txn, user, c.oldest.id);
        if (error != 0)
            return error;
    }
}

/* At one of the users up to the last who has any. */
static int begin_to_rove(sp_session_rover *rover, MDB_cursor *cursor)
{
    MDB_val key, value;
    sp_session session;
    int error = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    if (error == 0)
        error = decode_at(&key, &value, &session);
    if (error == 0)
        sp_session_key(randombytes_uniform(session.user) + 1, 0, rover->key);
    rover->has_begun = true;
    return error == MDB_NOTFOUND ? 0 : error;
}

/* Looks at the next few records of anyone; behind the last one it begins again
 * at the first. */
static int rove(const sp_env *env, MDB_txn *txn, sp_session_rover *rover, sp_time_ms now)
{
    MDB_cursor *cursor;
    MDB_val key = {sizeof rover->key, rover->key}, value;
    int error = mdb_cursor_open(txn, env->sessions, &cursor);
    if (error != 0)
        return error;
    if (!rover->has_begun)
        error = begin_to_rove(rover, cursor);
    if (error == 0)
        error = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    for (uint32_t i = 0; error == 0 && i < SP_SESSIONS_ROVED; i++) {
        sp_session session;
        error = decode_at(&key, &value, &session);
        if (error == 0 && is_expired(&session, now))
            error = mdb_cursor_del(cursor, 0);
        if (error == 0)
            error = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    if (error == 0 && key.mv_size == sizeof rover->key)
        memcpy(rover->key, key.mv_data, sizeof rover->key);
    else
        memset(rover->key, 0, sizeof rover->key);
    mdb_cursor_close(cursor);
    return error == MDB_NOTFOUND ? 0 : error;
}

int sp_session_add(const sp_env *env, MDB_txn *txn, sp_session_rover *rover,
                   const sp_session *session)
{
    int error = make_room(env, txn, session->user, session->rotated_at);
    if (error == 0)
        error = rove(env, txn, rover, session->rotated_at);
    return error != 0 ? error : put(env, txn, session);
}
