/* SPDX-License-Identifier: MIT
 *
 * The id of a job: 128 bits, 32 lowercase hexadecimal digits as text. Where it
 * lives follows from it: every job has a home, the loop that keeps it
 * (net/job_table.h), and any loop can tell which that is.
 *
 * With an Idempotency-Key the id is a hash of who asks, the key and the request:
 * so the same request with the same key is the same job, on whatever loop it
 * arrives, and also after a restart, when nothing but the log remembers the first
 * one. Without a key it is random, but for that its home is here.
 *
 * An id opens nothing: what a job became is shown to its user alone.
 */
#ifndef SP_NET_JOB_ID_H
#define SP_NET_JOB_ID_H

#include "engine/event.h"

#define SP_JOB_ID_TEXT_SIZE 32u

/* loop: an index below loops_count (1 … 256), which will be its home. */
void sp_job_id_random(uint32_t loop, uint32_t loops_count, sp_hash128 *out);
/* idempotency: present. */
void sp_job_id_of_key(sp_user_id user, const sp_idempotency *idempotency, sp_hash128 *out);

/* The index of the loop that keeps it. */
static inline uint32_t sp_job_id_home(const sp_hash128 *id, uint32_t loops_count)
{
    return id->bytes[0] % loops_count;
}

void sp_job_id_print(const sp_hash128 *id, char out[SP_JOB_ID_TEXT_SIZE]);
/* One id has one text: false if it is none. */
bool sp_job_id_parse(sp_text text, sp_hash128 *out);
/* Of a path that begins with `/v1/jobs/`: the segment behind that. */
bool sp_job_id_of_path(sp_text path, sp_hash128 *out);

static inline bool sp_job_id_equal(const sp_hash128 *a, const sp_hash128 *b)
{
    return memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

#endif
