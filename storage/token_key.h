/* SPDX-License-Identifier: MIT
 *
 * The keys of access tokens, kept beside the log, never in it: the one that
 * signs, and those that did and are good until their last token has died.
 * DIR/token.key, text, 0600, exactly:
 *
 *   stagepick-token-key 2
 *   kid 0123456789abcdef
 *   secret 64 hex digits
 *   retired KID SECRET UNTIL        none to seven lines, the latest first;
 *                                   UNTIL in milliseconds since 1970
 *
 * The first release wrote `stagepick-token-key 1` and the two lines behind it:
 * that is read as well.
 *
 * The file is never changed in place: a whole one is written under a temporary
 * name, flushed, renamed over it, and the directory flushed. So it can be read
 * at any time, also beside a running server, and no crash leaves half a key.
 */
#ifndef SP_STORAGE_TOKEN_KEY_H
#define SP_STORAGE_TOKEN_KEY_H

#include "storage/finding.h"

#define SP_TOKEN_KID_SIZE 16u
/* In one file: the one that signs, and those before it. */
#define SP_TOKEN_KEYS_KEPT_MAX 8u

typedef struct sp_token_key {
    char kid[SP_TOKEN_KID_SIZE + 1]; /* lower-case hex, NUL-terminated */
    uint8_t secret[32];
    sp_time_ms good_until; /* 0 = this one signs */
} sp_token_key;

typedef struct sp_token_keys {
    sp_token_key items[SP_TOKEN_KEYS_KEPT_MAX]; /* the first signs */
    uint32_t count;                             /* 1 … SP_TOKEN_KEYS_KEPT_MAX */
} sp_token_keys;

/* All three fill *out, to be wiped with sodium_memzero when done with. FAILED
 * if the file is readable by others; DAMAGED if it is not of the form above. */

/* Makes a file with a random key if there is none. The caller holds the
 * directory's lock. */
sp_storage_status sp_token_keys_load(const char *dir, sp_token_keys *out, sp_finding *finding);
/* FAILED if there is none. Needs no lock. */
sp_storage_status sp_token_keys_read(const char *dir, sp_token_keys *out, sp_finding *finding);
/* A new random key signs from now on; all before it that have not ended by now are
 * good until now + keep_ms, not only the one that signed: a server that has not
 * heard of the last rotations signs with one of them still. What has ended by now
 * is dropped; keep_ms 0 = all others are
 * dropped. FAILED if there is no file, or as many keys as fit are still good.
 * Needs no lock: two at once wait for each other by the file's own. */
sp_storage_status sp_token_keys_rotate(const char *dir, sp_time_ms now, sp_time_ms keep_ms,
                                       sp_token_keys *out, sp_finding *finding);

/* The key that signs, alone; as sp_token_keys_load. */
sp_storage_status sp_token_key_load(const char *dir, sp_token_key *out, sp_finding *finding);

#endif
