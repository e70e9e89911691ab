/* SPDX-License-Identifier: MIT
 *
 * The personal side of a user: kept beside the events, never in them. Written
 * in the transaction of the event that makes the user; read on pool threads.
 */
#ifndef SP_ENGINE_PROFILE_H
#define SP_ENGINE_PROFILE_H

#include "engine/values.h"

#define SP_EMAIL_SIZE_MAX 254u
#define SP_NICKNAME_SIZE_MAX 120u
#define SP_PROFILE_IMAGE_URL_SIZE_MAX 1000u
/* An encoded argon2id hash, parameters and salt included, NUL-terminated
 * within this size (libsodium's crypto_pwhash_STRBYTES). */
#define SP_PASSWORD_HASH_SIZE 128u

typedef struct sp_profile {
    sp_user_id user;       /* set by the sequencer when it writes one */
    sp_time_ms created_at; /* likewise: the event's time */
    uint32_t email_size;
    uint32_t nickname_size;
    uint32_t image_url_size;       /* 0 = none */
    char email[SP_EMAIL_SIZE_MAX]; /* as typed; unique after folding: see
                                    * sp_email_fold in storage/profiles.h */
    char nickname[SP_NICKNAME_SIZE_MAX];
    char password_hash[SP_PASSWORD_HASH_SIZE];
    char image_url[SP_PROFILE_IMAGE_URL_SIZE_MAX];
} sp_profile;

/* What of a profile is to change. Borrowed by a command, as profiles are. */
typedef struct sp_profile_edit {
    sp_text nickname;  /* absent = stays */
    sp_text image_url; /* absent = stays, empty = none */
} sp_profile_edit;

/* Reads profiles from any thread in short read transactions, closed before
 * it returns. Implemented in storage, faked by tests. */
typedef struct sp_profile_reader sp_profile_reader;

/* 1 = found and copied to *out, 0 = there is none, < 0 = storage failed. A read
 * sees the last commit, which a power cut may yet take back. Whoever tells what
 * he read, without a command to the sequencer in between, waits first with
 * `settled` until all that he has read is durable: 0, or < 0 if it never will
 * be. Blocks for the disk. */
struct sp_profile_reader {
    int (*by_id)(sp_profile_reader *self, sp_user_id user, sp_profile *out);
    int (*by_email)(sp_profile_reader *self, sp_text email, sp_profile *out);
    int (*settled)(sp_profile_reader *self);
};

#endif
