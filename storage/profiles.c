/* SPDX-License-Identifier: MIT */
#include "storage/profiles.h"

#include "engine/limits.h"
#include "storage/bytes.h"
#include "storage/packing.h"
#include "storage/reader.h"

enum {
    VERSION = 1,
    FIELDS = 6,
    RECORD_SIZE_MAX = 1 + 1 + 5 + 9 + 3 + SP_EMAIL_SIZE_MAX + 2 + SP_NICKNAME_SIZE_MAX + 2 +
                      SP_PASSWORD_HASH_SIZE,
};

void sp_email_fold(sp_text email, char out[SP_EMAIL_SIZE_MAX])
{
    SP_ASSERT_CMP(email.size, <=, SP_EMAIL_SIZE_MAX);
    for (uint32_t i = 0; i < email.size; i++) {
        char c = email.bytes[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
}

static size_t encode(const sp_profile *profile, uint8_t bytes[RECORD_SIZE_MAX])
{
    sp_packing out;
    const char *end = memchr(profile->password_hash, '\0', SP_PASSWORD_HASH_SIZE);
    SP_ASSERT(end != NULL);
    sp_packing_init(&out, bytes, RECORD_SIZE_MAX);
    sp_packing_array(&out, FIELDS);
    sp_packing_uint(&out, VERSION);
    sp_packing_uint(&out, profile->user);
    sp_packing_count(&out, profile->created_at);
    sp_packing_text(&out, (sp_text){profile->email, profile->email_size});
    sp_packing_text(&out, (sp_text){profile->nickname, profile->nickname_size});
    sp_packing_text(&out,
                    (sp_text){profile->password_hash, (uint32_t)(end - profile->password_hash)});
    return out.size;
}

bool sp_profile_decode(const void *bytes, size_t size, sp_profile *out)
{
    sp_reader in;
    sp_reader_init(&in, bytes, size);
    sp_reader_array(&in, FIELDS, FIELDS);
    sp_reader_uint(&in, VERSION, VERSION);
    out->user = (sp_user_id)sp_reader_uint(&in, 1, UINT32_MAX);
    out->created_at = (sp_time_ms)sp_reader_uint(&in, 0, SP_TIME_MAX);
    sp_text email = sp_reader_text(&in, SP_EMAIL_SIZE_MAX);
    sp_text nickname = sp_reader_text(&in, SP_NICKNAME_SIZE_MAX);
    sp_text hash = sp_reader_text(&in, SP_PASSWORD_HASH_SIZE - 1);
    if (sp_reader_end(&in) != NULL || memchr(hash.bytes, '\0', hash.size) != NULL)
        return false;
    out->email_size = email.size;
    memcpy(out->email, email.bytes, email.size);
    out->nickname_size = nickname.size;
    memcpy(out->nickname, nickname.bytes, nickname.size);
    memcpy(out->password_hash, hash.bytes, hash.size);
    memset(out->password_hash + hash.size, 0, SP_PASSWORD_HASH_SIZE - hash.size);
    return true;
}

int sp_profile_put(sp_env *env, MDB_txn *txn, const sp_profile *profile)
{
    char folded[SP_EMAIL_SIZE_MAX];
    uint8_t id[4], record[RECORD_SIZE_MAX];
    SP_ASSERT_CMP(profile->email_size, >, 0);
    sp_email_fold((sp_text){profile->email, profile->email_size}, folded);
    sp_bytes_put32(id, profile->user);
    MDB_val email_key = {profile->email_size, folded}, id_value = {sizeof id, id};
    int error = mdb_put(txn, env->emails, &email_key, &id_value, MDB_NOOVERWRITE);
    if (error != 0)
        return error;

    uint64_t user = profile->user;
    MDB_val user_key = sp_env_key(&user), value = {encode(profile, record), record};
    error = mdb_put(txn, env->profiles, &user_key, &value, MDB_NOOVERWRITE);
    /* Ids are dense and new: a profile under this one is a broken invariant,
     * not a taken e-mail. */
    return error == MDB_KEYEXIST ? MDB_CORRUPTED : error;
}

/* 1, 0, -1 as sp_profile_reader has them. */
static int read_in(const sp_env *env, MDB_txn *txn, uint64_t user, sp_profile *out)
{
    MDB_val key = sp_env_key(&user), value;
    int error = mdb_get(txn, env->profiles, &key, &value);
    if (error == MDB_NOTFOUND)
        return 0;
    if (error != 0 || !sp_profile_decode(value.mv_data, value.mv_size, out) || out->user != user)
        return -1;
    return 1;
}

static int on_by_id(sp_profile_reader *self, sp_user_id user, sp_profile *out)
{
    sp_env *env = ((sp_profiles *)self)->env;
    MDB_txn *txn;
    if (mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn) != 0)
        return -1;
    int found = read_in(env, txn, user, out);
    mdb_txn_abort(txn);
    return found;
}

static int on_by_email(sp_profile_reader *self, sp_text email, sp_profile *out)
{
    sp_env *env = ((sp_profiles *)self)->env;
    char folded[SP_EMAIL_SIZE_MAX];
    MDB_txn *txn;
    if (email.size == 0 || email.size > SP_EMAIL_SIZE_MAX)
        return 0;
    sp_email_fold(email, folded);
    MDB_val key = {email.size, folded}, value;
    if (mdb_txn_begin(env->mdb, NULL, MDB_RDONLY, &txn) != 0)
        return -1;
    int found = 0;
    int error = mdb_get(txn, env->emails, &key, &value);
    if (error == 0) {
        /* An index entry without its profile is damage, not an unknown user. */
        found = value.mv_size == 4 ? read_in(env, txn, sp_bytes_get32(value.mv_data), out) : -1;
        if (found == 0)
            found = -1;
    } else if (error != MDB_NOTFOUND) {
        found = -1;
    }
    mdb_txn_abort(txn);
    return found;
}

void sp_profiles_init(sp_profiles *profiles, sp_env *env)
{
    profiles->reader.by_id = on_by_id;
    profiles->reader.by_email = on_by_email;
    profiles->env = env;
}
