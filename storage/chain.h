/* SPDX-License-Identifier: MIT
 *
 * The hash chain over the batches of a log: BLAKE2b-256, libsodium's.
 *
 *   genesis  = H( "stagepick log" ‖ format ‖ log id (16) ‖ created )
 *   chain(n) = H( chain(n-1) (32) ‖ first seq ‖ count ‖ time
 *                 ‖ for each event: length ‖ bytes )
 *
 * first seq, count, time, format, created: 8 bytes little-endian; length: 4
 * bytes little-endian. bytes: the value in `events` as it stands.
 *
 * A batch's record, the value in `batches` (key: its last seq):
 *
 *   0        8        16                               48
 *   | count  | time   | chain                          |    little-endian
 *
 * It finds any change inside a log. That the tail was not cut off it can't
 * know: only a head (seq and chain) kept elsewhere proves that. It is not a
 * signature either: who can write the file can write a new chain.
 *
 * Any thread; no allocation.
 */
#ifndef SP_STORAGE_CHAIN_H
#define SP_STORAGE_CHAIN_H

#include <sodium.h>

#include "storage/env.h"

#define SP_CHAIN_SIZE 32u
#define SP_BATCH_RECORD_SIZE 48u

typedef struct sp_batch_record {
    uint64_t count;
    sp_time_ms time;
    uint8_t chain[SP_CHAIN_SIZE];
} sp_batch_record;

void sp_batch_record_write(const sp_batch_record *record, uint8_t out[SP_BATCH_RECORD_SIZE]);
void sp_batch_record_read(const uint8_t *bytes, sp_batch_record *out);

void sp_chain_genesis(const sp_log_identity *identity, uint8_t out[SP_CHAIN_SIZE]);

/* One step: begin, add for each event in order (or add_framed for a run of
 * events that already stand as length ‖ bytes), end. Small events are gathered
 * in `staged` before they are hashed: calls cost more than copying. */
typedef struct sp_chain {
    crypto_generichash_state hash;
    size_t staged_size;
    uint8_t staged[4096];
} sp_chain;

void sp_chain_begin(sp_chain *chain, const uint8_t previous[SP_CHAIN_SIZE], sp_seq first,
                    uint64_t count, sp_time_ms time);
void sp_chain_add(sp_chain *chain, const void *bytes, uint32_t size);
void sp_chain_add_framed(sp_chain *chain, const void *bytes, size_t size);
void sp_chain_end(sp_chain *chain, uint8_t out[SP_CHAIN_SIZE]);

/* The head of a log: its last batch. seq 0 = empty, chain = the genesis. */
typedef struct sp_log_head {
    sp_seq seq;
    sp_time_ms time;
    uint8_t chain[SP_CHAIN_SIZE];
} sp_log_head;

#endif
