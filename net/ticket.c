/* SPDX-License-Identifier: MIT */
#include "net/ticket.h"

#include <nettle/hmac.h>
#include <sodium.h>

#include "engine/assert.h"
#include "engine/limits.h"
#include "net/base64url.h"
#include "net/big_endian.h"

#define BASE64URL sodium_base64_VARIANT_URLSAFE_NO_PADDING
#define USER_SIZE 4u
#define EXPIRY_SIZE 7u
#define CLAIMS_SIZE (USER_SIZE + EXPIRY_SIZE)
#define MAC_SIZE 16u
#define BYTES_SIZE (CLAIMS_SIZE + MAC_SIZE)

_Static_assert(SP_BASE64URL_SIZE(SP_TICKET_SIZE) == BYTES_SIZE, "a ticket's size as text");
_Static_assert(SP_TIME_MAX < INT64_C(1) << 8 * EXPIRY_SIZE, "every time fits");

static const uint8_t label[16] = {'s', 't', 'a', 'g', 'e', 'p', 'i', 'c',
                                  'k', ' ', 't', 'i', 'c', 'k', 'e', 't'};

static void compute_mac(const sp_signing_key *key, const sp_hash128 *job,
                        const uint8_t claims[CLAIMS_SIZE], uint8_t mac[MAC_SIZE])
{
    struct hmac_sha256_ctx hmac;
    hmac_sha256_set_key(&hmac, sizeof key->bytes, key->bytes);
    hmac_sha256_update(&hmac, sizeof label, label);
    hmac_sha256_update(&hmac, sizeof job->bytes, job->bytes);
    hmac_sha256_update(&hmac, CLAIMS_SIZE, claims);
    hmac_sha256_digest(&hmac, MAC_SIZE, mac);
    sodium_memzero(&hmac, sizeof hmac);
}

void sp_ticket_sign(const sp_token_signer *signer, const sp_hash128 *job, sp_user_id user,
                    sp_time_ms now, char out[SP_TICKET_SIZE])
{
    uint8_t bytes[BYTES_SIZE];
    char text[SP_TICKET_SIZE + 1]; /* libsodium ends it with a NUL */
    sp_big_endian_put(bytes, user, USER_SIZE);
    sp_big_endian_put(bytes + USER_SIZE, (uint64_t)(now + SP_TICKET_TTL_MS), EXPIRY_SIZE);
    compute_mac(&signer->key, job, bytes, bytes + CLAIMS_SIZE);
    sodium_bin2base64(text, sizeof text, bytes, sizeof bytes, BASE64URL);
    memcpy(out, text, SP_TICKET_SIZE);
}

/* The key that it was signed with, or NULL. Compares in constant time. */
static const sp_signing_key *find_key(const sp_token_ring *ring, const sp_hash128 *job,
                                      const uint8_t bytes[BYTES_SIZE])
{
    uint8_t mac[MAC_SIZE];
    for (uint32_t i = 0; i < ring->count; i++) {
        compute_mac(&ring->keys[i].key, job, bytes, mac);
        if (sodium_memcmp(mac, bytes + CLAIMS_SIZE, MAC_SIZE) == 0)
            return &ring->keys[i].key;
    }
    return NULL;
}

sp_outcome sp_ticket_verify(const sp_token_ring *ring, const sp_hash128 *job, sp_text ticket,
                            sp_time_ms now, sp_ticket_holder *holder)
{
    uint8_t bytes[BYTES_SIZE];
    if (ticket.size != SP_TICKET_SIZE || !sp_base64url_decode(ticket.bytes, ticket.size, bytes))
        return SP_TOKEN_INVALID;
    const sp_signing_key *key = find_key(ring, job, bytes);
    if (!key)
        return SP_TOKEN_INVALID;
    holder->user = (sp_user_id)sp_big_endian_get(bytes, USER_SIZE);
    holder->expires_at = (sp_time_ms)sp_big_endian_get(bytes + USER_SIZE, EXPIRY_SIZE);
    if (key->good_until != 0 && key->good_until < holder->expires_at)
        holder->expires_at = key->good_until;
    return now < holder->expires_at ? SP_OK : SP_TOKEN_EXPIRED;
}

sp_text sp_ticket_of_query(sp_text query)
{
    static const char name[] = "ticket=";
    const uint32_t name_size = sizeof name - 1;
    const char *at = query.bytes, *end = query.bytes + query.size;
    if (query.size == 0)
        return (sp_text){NULL, 0};
    while (at < end) {
        const char *stop = memchr(at, '&', (size_t)(end - at));
        stop = stop ? stop : end;
        if ((size_t)(stop - at) >= name_size && memcmp(at, name, name_size) == 0)
            return (sp_text){at + name_size, (uint32_t)(stop - at) - name_size};
        at = stop + 1;
    }
    return (sp_text){NULL, 0};
}
