/* SPDX-License-Identifier: MIT
 *
 * How requests and answers look on the wire: HTTP to a server of ours (or a
 * floor), RESP to Redis. A protocol is a table of functions in a file of its
 * own. One thread; only open allocates.
 */
#ifndef SP_BENCH_LOAD_PROTOCOL_H
#define SP_BENCH_LOAD_PROTOCOL_H

#include "bench/load_request.h"
#include "bench/load_tokens.h"

/* What a protocol needs; borrowed for its life. */
typedef struct sp_bench_load_wire {
    const char *host;                   /* as typed: HOST:PORT */
    const sp_bench_load_tokens *tokens; /* http, if the workload has users */
    const char *script;                 /* redis: the script's SHA-1 in hex */
    bool keyed;                         /* http: each order has an Idempotency-Key */
} sp_bench_load_wire;

typedef enum sp_bench_load_scan_status {
    SP_BENCH_LOAD_MORE, /* no answer is complete yet */
    SP_BENCH_LOAD_ANSWER,
    SP_BENCH_LOAD_MALFORMED, /* not what this protocol says, or too long */
} sp_bench_load_scan_status;

/* An answer that is under way on one connection; all zero at first. */
typedef struct sp_bench_load_scan {
    bool keeps_body;    /* the owner's: accepted bodies are wanted whole */
    uint64_t body_left; /* > 0: of an accepted answer's body, to be passed over */
    sp_bench_load_answer answer;
    char etag[64];
} sp_bench_load_scan;

/* What the caller may have to keep until more comes: a head, or a whole
 * refusal. Accepted bodies are passed over as they come, unless they are wanted:
 * then one may be as long as a refusal. */
#define SP_BENCH_LOAD_KEPT_SIZE_MAX (72u << 10)

typedef struct sp_bench_load_protocol {
    const char *name;
    bool (*knows)(sp_bench_load_kind kind);
    /* NULL with a sentence in why. */
    void *(*open)(const sp_bench_load_wire *wire, char *why, size_t why_size);
    void (*close)(void *protocol);
    /* Bytes of the longest request. */
    size_t (*request_size_max)(const void *protocol);
    /* Writes a request; returns where it ends. */
    char *(*write)(const void *protocol, const sp_bench_load_request *request, char *out);
    /* Reads on: bytes[size] are those not used yet. *used of them are done
     * with. ANSWER: *answer is set, and borrows from bytes or scan. */
    sp_bench_load_scan_status (*scan)(sp_bench_load_scan *scan, const char *bytes, size_t size,
                                      size_t *used, sp_bench_load_answer *answer);
} sp_bench_load_protocol;

extern const sp_bench_load_protocol sp_bench_load_http, sp_bench_load_redis;

/* NULL if no protocol has this name. */
const sp_bench_load_protocol *sp_bench_load_protocol_of_name(const char *name);

#endif
