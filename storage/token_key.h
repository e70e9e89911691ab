/* SPDX-License-Identifier: MIT
 *
 * The key that signs access tokens, kept beside the log, never in it. Text,
 * 0600, exactly:
 *
 *   stagepick-token-key 1
 *   kid 0123456789abcdef
 *   secret 64 hex digits
 */
#ifndef SP_STORAGE_TOKEN_KEY_H
#define SP_STORAGE_TOKEN_KEY_H

#include "storage/finding.h"

#define SP_TOKEN_KID_SIZE 16u

typedef struct sp_token_key {
    char kid[SP_TOKEN_KID_SIZE + 1]; /* lower-case hex, NUL-terminated */
    uint8_t secret[32];
} sp_token_key;

/* Reads DIR/token.key; makes one if there is none (random; written under a
 * temporary name, flushed, renamed, directory flushed). FAILED if it is
 * readable by others; DAMAGED if it is not of the form above. The caller holds
 * the directory's lock. Wipe the key with sodium_memzero when done. */
sp_storage_status sp_token_key_load(const char *dir, sp_token_key *out, sp_finding *finding);

#endif
