/* SPDX-License-Identifier: MIT
 *
 * Profiles in LMDB: what is known of a person, beside the events and never in
 * them; erased without touching the log.
 *
 * Record (msgpack array, the value in `profiles`):
 *
 *   [ version = 2, user id, created ms, e-mail str, nickname str, hash str,
 *     image URL str, empty for none ]
 *
 * Version 1 ended before the image URL; such records are read, and written anew
 * as they change.
 *
 * The e-mail stands as it was typed; the index `emails` has it folded. Folding
 * is ASCII lower case of the whole address: what people mean by "the same
 * address". Letters beyond ASCII are compared byte by byte (no NFC: the
 * request decoder takes addresses as they come).
 */
#ifndef SP_STORAGE_PROFILES_H
#define SP_STORAGE_PROFILES_H

#include "engine/log.h"
#include "engine/profile.h"
#include "storage/env.h"

/* Folds an e-mail of at most SP_EMAIL_SIZE_MAX bytes; the size stays. */
void sp_email_fold(sp_text email, char out[SP_EMAIL_SIZE_MAX]);

/* Reads one inside any transaction: 0, MDB_NOTFOUND, MDB_CORRUPTED if it is not
 * one or another user's, or another LMDB error. */
int sp_profile_get(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_profile *out);

/* Adds a profile inside a write transaction unless its folded e-mail is
 * taken, by this transaction or an older one. Returns 0, MDB_KEYEXIST (nothing
 * was done), or another LMDB error. */
int sp_profile_add(sp_env *env, MDB_txn *txn, const sp_profile *profile);

/* Both on a profile that is there, or MDB_NOTFOUND: replaces it, with the e-mail
 * that it has; takes it away, with its entry in the index. 0 or an LMDB error. */
int sp_profile_put(sp_env *env, MDB_txn *txn, const sp_profile *profile);
int sp_profile_erase(sp_env *env, MDB_txn *txn, sp_user_id user);

/* Strict; false if it is not a record that this or an older version writes. */
bool sp_profile_decode(const void *bytes, size_t size, sp_profile *out);

/* Any thread, also at the same time: each call is one read transaction, over
 * before it returns. May block for the disk. */
typedef struct sp_profiles {
    sp_profile_reader reader;
    sp_env *env;
} sp_profiles;

/* env: borrowed, outlives the reader. */
void sp_profiles_init(sp_profiles *profiles, sp_env *env);

#endif
