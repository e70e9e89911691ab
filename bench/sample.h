/* SPDX-License-Identifier: MIT
 *
 * The request and the answers that benchmarks and floors are about, made by
 * the server's own code from a small state: one concert of 50,000 seats in two
 * grades, one order of one seat. No socket, no thread: the application over a
 * loop that never runs.
 *
 * Deterministic: the same bytes each time.
 */
#ifndef SP_BENCH_SAMPLE_H
#define SP_BENCH_SAMPLE_H

#include "net/app_loop.h"

#define SP_BENCH_SAMPLE_TIME INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

typedef struct sp_bench_sample sp_bench_sample;

/* Blocks for one password computation (the application's). NULL (after a line
 * on stderr) if out of memory. */
sp_bench_sample *sp_bench_sample_create(void);
void sp_bench_sample_destroy(sp_bench_sample *sample);

/* A valid access token of a user. */
uint32_t sp_bench_sample_token(const sp_bench_sample *sample, sp_user_id user,
                               char out[SP_TOKEN_SIZE_MAX]);

/* POST /v1/orders as clients send it: head, token, JSON body of one seat.
 * Returns its size. */
#define SP_BENCH_REQUEST_SIZE_MAX 1024u
uint32_t sp_bench_sample_request(const sp_bench_sample *sample, sp_user_id user, sp_seat seat,
                                 char out[SP_BENCH_REQUEST_SIZE_MAX]);

typedef enum sp_bench_answer {
    SP_BENCH_ANSWER_PAID,      /* 201 to an order of one seat */
    SP_BENCH_ANSWER_TAKEN,     /* 409 seat_taken, one seat */
    SP_BENCH_ANSWER_UNCHANGED, /* 304 of the seat map */
} sp_bench_answer;

/* Appends one whole answer, head and body. */
void sp_bench_sample_answer(sp_bench_sample *sample, sp_bench_answer which, sp_out *out);

/* What the parts of an answer are made of, for measuring them alone. */
const sp_concert_card *sp_bench_sample_card(const sp_bench_sample *sample);
const sp_order_view *sp_bench_sample_order(const sp_bench_sample *sample);
const sp_token_ring *sp_bench_sample_ring(const sp_bench_sample *sample);

#endif
