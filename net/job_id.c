/* SPDX-License-Identifier: MIT */
#include "net/job_id.h"

#include <sodium.h>

#include "engine/assert.h"

static const char prefix[] = "/v1/jobs/";
/* What is hashed here is hashed nowhere else. */
static const unsigned char label[16] = "stagepick job 1";

void sp_job_id_random(uint32_t loop, uint32_t loops_count, sp_hash128 *out)
{
    SP_ASSERT_CMP(loops_count, <=, 256);
    SP_ASSERT_CMP(loop, <, loops_count);
    randombytes_buf(out->bytes, sizeof out->bytes);
    uint32_t first = out->bytes[0] - out->bytes[0] % loops_count + loop;
    /* Down to the last byte value that leads home. */
    out->bytes[0] = (uint8_t)(first > UINT8_MAX ? first - loops_count : first);
}

void sp_job_id_of_key(sp_user_id user, const sp_idempotency *idempotency, sp_hash128 *out)
{
    unsigned char parts[sizeof label + 4 + 2 * sizeof(sp_hash128)];
    unsigned char *at = parts;
    SP_ASSERT(idempotency->present);
    memcpy(at, label, sizeof label);
    at += sizeof label;
    for (unsigned shift = 0; shift < 32; shift += 8)
        *at++ = (unsigned char)(user >> shift);
    memcpy(at, idempotency->key.bytes, sizeof(sp_hash128));
    memcpy(at + sizeof(sp_hash128), idempotency->request.bytes, sizeof(sp_hash128));
    crypto_generichash(out->bytes, sizeof out->bytes, parts, sizeof parts, NULL, 0);
}

void sp_job_id_print(const sp_hash128 *id, char out[SP_JOB_ID_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        out[2 * i] = digits[id->bytes[i] >> 4];
        out[2 * i + 1] = digits[id->bytes[i] & 15];
    }
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool sp_job_id_parse(sp_text text, sp_hash128 *out)
{
    if (text.size != SP_JOB_ID_TEXT_SIZE)
        return false;
    for (size_t i = 0; i < sizeof out->bytes; i++) {
        int high = hex_value(text.bytes[2 * i]), low = hex_value(text.bytes[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool sp_job_id_of_path(sp_text path, sp_hash128 *out)
{
    const uint32_t prefix_size = sizeof prefix - 1;
    if (path.size < prefix_size || memcmp(path.bytes, prefix, prefix_size) != 0)
        return false;
    const char *begin = path.bytes + prefix_size;
    size_t rest = path.size - prefix_size;
    const char *slash = memchr(begin, '/', rest);
    return sp_job_id_parse((sp_text){begin, (uint32_t)(slash ? (size_t)(slash - begin) : rest)},
                           out);
}
