/* SPDX-License-Identifier: MIT */
#include "storage/chain.h"

#include "storage/bytes.h"

void sp_batch_record_write(const sp_batch_record *record, uint8_t out[SP_BATCH_RECORD_SIZE])
{
    sp_bytes_put64(out, record->count);
    sp_bytes_put64(out + 8, (uint64_t)record->time);
    memcpy(out + 16, record->chain, SP_CHAIN_SIZE);
}

void sp_batch_record_read(const uint8_t *bytes, sp_batch_record *out)
{
    out->count = sp_bytes_get64(bytes);
    out->time = (sp_time_ms)sp_bytes_get64(bytes + 8);
    memcpy(out->chain, bytes + 16, SP_CHAIN_SIZE);
}

void sp_chain_genesis(const sp_log_identity *identity, uint8_t out[SP_CHAIN_SIZE])
{
    static const uint8_t name[] = "stagepick log"; /* without its NUL */
    uint8_t numbers[8];
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, SP_CHAIN_SIZE);
    crypto_generichash_update(&hash, name, sizeof name - 1);
    sp_bytes_put64(numbers, identity->format);
    crypto_generichash_update(&hash, numbers, sizeof numbers);
    crypto_generichash_update(&hash, identity->log_id, sizeof identity->log_id);
    sp_bytes_put64(numbers, (uint64_t)identity->created_at);
    crypto_generichash_update(&hash, numbers, sizeof numbers);
    crypto_generichash_final(&hash, out, SP_CHAIN_SIZE);
}

void sp_chain_begin(sp_chain *chain, const uint8_t previous[SP_CHAIN_SIZE], sp_seq first,
                    uint64_t count, sp_time_ms time)
{
    crypto_generichash_init(&chain->hash, NULL, 0, SP_CHAIN_SIZE);
    memcpy(chain->staged, previous, SP_CHAIN_SIZE);
    sp_bytes_put64(chain->staged + SP_CHAIN_SIZE, first);
    sp_bytes_put64(chain->staged + SP_CHAIN_SIZE + 8, count);
    sp_bytes_put64(chain->staged + SP_CHAIN_SIZE + 16, (uint64_t)time);
    chain->staged_size = SP_CHAIN_SIZE + 24;
}

static void flush(sp_chain *chain)
{
    crypto_generichash_update(&chain->hash, chain->staged, chain->staged_size);
    chain->staged_size = 0;
}

void sp_chain_add(sp_chain *chain, const void *bytes, uint32_t size)
{
    if (chain->staged_size + 4 + size > sizeof chain->staged)
        flush(chain);
    sp_bytes_put32(chain->staged + chain->staged_size, size);
    chain->staged_size += 4;
    if (size > sizeof chain->staged - 4) {
        flush(chain);
        crypto_generichash_update(&chain->hash, bytes, size);
        return;
    }
    memcpy(chain->staged + chain->staged_size, bytes, size);
    chain->staged_size += size;
}

void sp_chain_add_framed(sp_chain *chain, const void *bytes, size_t size)
{
    flush(chain);
    crypto_generichash_update(&chain->hash, bytes, size);
}

void sp_chain_end(sp_chain *chain, uint8_t out[SP_CHAIN_SIZE])
{
    flush(chain);
    crypto_generichash_final(&chain->hash, out, SP_CHAIN_SIZE);
}
