/* SPDX-License-Identifier: MIT */
#include "storage/profiles.h"

#include <time.h>

#include "engine/fault.h"
#include "engine/limits.h"
#include "storage/bytes.h"
#include "storage/packing.h"
#include "storage/reader.h"

enum {
    VERSION = 2,
    FIELDS = 7,
    VERSION_WITHOUT_IMAGE = 1,
    FIELDS_WITHOUT_IMAGE = 6,
    RECORD_SIZE_MAX = 1 + 1 + 5 + 9 + 3 + SP_EMAIL_SIZE_MAX + 2 + SP_NICKNAME_SIZE_MAX + 2 +
                      SP_PASSWORD_HASH_SIZE + 3 + SP_PROFILE_IMAGE_URL_SIZE_MAX,
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
    sp_packing_text(&out, (sp_text){profile->image_url, profile->image_url_size});
    return out.size;
}

bool sp_profile_decode(const void *bytes, size_t size, sp_profile *out)
{
    sp_reader in;
    sp_reader_init(&in, bytes, size);
    bool has_image = sp_reader_array(&in, FIELDS_WITHOUT_IMAGE, FIELDS) == FIELDS;
    uint64_t version = has_image ? VERSION : VERSION_WITHOUT_IMAGE;
    sp_reader_uint(&in, version, version);
    out->user = (sp_user_id)sp_reader_uint(&in, 1, UINT32_MAX);
    out->created_at = (sp_time_ms)sp_reader_uint(&in, 0, SP_TIME_MAX);
    sp_text email = sp_reader_text(&in, SP_EMAIL_SIZE_MAX);
    sp_text nickname = sp_reader_text(&in, SP_NICKNAME_SIZE_MAX);
    sp_text hash = sp_reader_text(&in, SP_PASSWORD_HASH_SIZE - 1);
    sp_text image_url = {0};
    if (has_image)
        image_url = sp_reader_text(&in, SP_PROFILE_IMAGE_URL_SIZE_MAX);
    if (sp_reader_end(&in) != NULL || memchr(hash.bytes, '\0', hash.size) != NULL)
        return false;
    out->email_size = email.size;
    memcpy(out->email, email.bytes, email.size);
    out->nickname_size = nickname.size;
    memcpy(out->nickname, nickname.bytes, nickname.size);
    memcpy(out->password_hash, hash.bytes, hash.size);
    memset(out->password_hash + hash.size, 0, SP_PASSWORD_HASH_SIZE - hash.size);
    out->image_url_size = image_url.size;
    if (image_url.size > 0)
        memcpy(out->image_url, image_url.bytes, image_url.size);
    return true;
}

static int put_record(sp_env *env, MDB_txn *txn, const sp_profile *profile, unsigned flags)
{
    uint8_t record[RECORD_SIZE_MAX];
    uint64_t user = profile->user;
    MDB_val key = sp_env_key(&user), value = {encode(profile, record), record};
    return mdb_put(txn, env->profiles, &key, &value, flags);
}

int sp_profile_add(sp_env *env, MDB_txn *txn, const sp_profile *profile)
{
    char folded[SP_EMAIL_SIZE_MAX];
    uint8_t id[4];
    SP_ASSERT_CMP(profile->email_size, >, 0);
    sp_email_fold((sp_text){profile->email, profile->email_size}, folded);
    sp_bytes_put32(id, profile->user);
    MDB_val email_key = {profile->email_size, folded}, id_value = {sizeof id, id};
    int error = mdb_put(txn, env->emails, &email_key, &id_value, MDB_NOOVERWRITE);
    if (error != 0)
        return error;

    error = put_record(env, txn, profile, MDB_NOOVERWRITE);
    /* Ids are dense and new: a profile under this one is a broken invariant,
     * not a taken e-mail. */
    return error == MDB_KEYEXIST ? MDB_CORRUPTED : error;
}

int sp_profile_get(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_profile *out)
{
    uint64_t number = user;
    MDB_val key = sp_env_key(&number), value;
    int error = mdb_get(txn, env->profiles, &key, &value);
    if (error == 0 && (!sp_profile_decode(value.mv_data, value.mv_size, out) || out->user != user))
        error = MDB_CORRUPTED;
    return error;
}

int sp_profile_put(sp_env *env, MDB_txn *txn, const sp_profile *profile)
{
    sp_profile old;
    int error = sp_profile_get(env, txn, profile->user, &old);
    if (error != 0)
        return error;
    SP_ASSERT_CMP(profile->email_size, ==, old.email_size);
    SP_ASSERT(memcmp(profile->email, old.email, old.email_size) == 0);
    return put_record(env, txn, profile, 0);
}

int sp_profile_erase(sp_env *env, MDB_txn *txn, sp_user_id user)
{
    sp_profile profile;
    char folded[SP_EMAIL_SIZE_MAX];
    int error = sp_profile_get(env, txn, user, &profile);
    if (error != 0)
        return error;
    sp_email_fold((sp_text){profile.email, profile.email_size}, folded);
    uint64_t number = user;
    MDB_val email_key = {profile.email_size, folded}, user_key = sp_env_key(&number);
    error = mdb_del(txn, env->emails, &email_key, NULL);
    return error != 0 ? error : mdb_del(txn, env->profiles, &user_key, NULL);
}

/* 1, 0, -1 as sp_profile_reader has them. */
static int read_in(const sp_env *env, MDB_txn *txn, sp_user_id user, sp_profile *out)
{
    int error = sp_profile_get(env, txn, user, out);
    return error == 0 ? 1 : error == MDB_NOTFOUND ? 0 : -1;
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

/* A flush takes a fraction of a millisecond, and whoever waits for one is about
 * to answer a person: so the sequencer is not made to wake anyone. */
#define SETTLED_POLL_NS 200000

static int on_settled(sp_profile_reader *self)
{
    sp_env *env = ((sp_profiles *)self)->env;
    MDB_envinfo info;
    if (SP_FAULT(ANSWER_BEFORE_COMMIT) || SP_FAULT(ANSWER_BEFORE_FLUSH) ||
        SP_FAULT(SIDES_UNFLUSHED))
        return 0; /* who tells too early tells this too early too */
    if (mdb_env_info(env->mdb, &info) != 0)
        return -1;
    /* No read before this call has seen more than the last commit of now. */
    while (atomic_load_explicit(&env->durable_txn, memory_order_acquire) < info.me_last_txnid) {
        if (atomic_load_explicit(&env->is_broken, memory_order_acquire))
            return -1;
        nanosleep(&(struct timespec){.tv_nsec = SETTLED_POLL_NS}, NULL);
    }
    return 0;
}

void sp_profiles_init(sp_profiles *profiles, sp_env *env)
{
    profiles->reader.by_id = on_by_id;
    profiles->reader.by_email = on_by_email;
    profiles->reader.settled = on_settled;
    profiles->env = env;
}
