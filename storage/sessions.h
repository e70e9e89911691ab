/* SPDX-License-Identifier: MIT
 *
 * Refresh families in LMDB (engine/session.h), beside the events and never in
 * them.
 *
 * Key: user id ‖ family id, 4 and 8 bytes big-endian, so that the families of a
 * user lie together. Record (msgpack array, the value in `sessions`):
 *
 *   [ version = 1, user id, family id, created ms, rotated ms, spent ms or 0,
 *     live hash bin, spent hash bin (zeros if nothing was spent) ]
 *
 * A log-in every 15 minutes for a year by everyone would be 35,000 records a
 * user if none went; so each log-in clears its user's expired ones and keeps at
 * most SP_SESSIONS_PER_USER_MAX, and looks at a few records of others.
 *
 * All inside a write transaction of the sequencer's thread, but decode. They
 * return 0 or an LMDB error; MDB_CORRUPTED if a record is none. sodium_init was
 * called (sp_env_open has).
 */
#ifndef SP_STORAGE_SESSIONS_H
#define SP_STORAGE_SESSIONS_H

#include "engine/session.h"
#include "storage/env.h"

#define SP_SESSION_KEY_SIZE 12u
/* Records of others that a log-in looks at: more than the one that it adds, so
 * that the walk goes round faster than the records come. */
#define SP_SESSIONS_ROVED 4u

/* Where the walk over all records has come to; all zero before it has begun. It
 * begins at any user's: were it always the first one's, a server that is often
 * started anew would never come to the last ones. */
typedef struct sp_session_rover {
    bool has_begun;
    uint8_t key[SP_SESSION_KEY_SIZE]; /* it looks from here on next */
} sp_session_rover;

void sp_session_key(sp_user_id user, sp_session_id id, uint8_t out[SP_SESSION_KEY_SIZE]);

/* Strict; false if it is not a record that this module writes. */
bool sp_session_decode(const void *bytes, size_t size, sp_session *out);

/* MDB_NOTFOUND if there is none. */
int sp_session_get(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_session_id id,
                   sp_session *out);
/* A new family; ends others as engine/log.h says of session_add. */
int sp_session_add(const sp_env *env, MDB_txn *txn, sp_session_rover *rover,
                   const sp_session *session);
/* MDB_NOTFOUND if there is none to replace. */
int sp_session_put(const sp_env *env, MDB_txn *txn, const sp_session *session);
/* One (none such: 0), or with id 0 all of the user but that with the sid `keep`. */
int sp_sessions_end(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_session_id id,
                    sp_sid keep);

#endif
