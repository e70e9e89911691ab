/* SPDX-License-Identifier: MIT
 *
 * Refusals as answers: problem details (RFC 9457) made from an outcome and
 * what is known about it. Loop thread; appends a whole HTTP response.
 */
#ifndef SP_NET_PROBLEM_H
#define SP_NET_PROBLEM_H

#include "net/answer.h"

typedef struct sp_problem {
    sp_outcome outcome;
    const char *detail;            /* NULL: what the outcome itself says */
    const sp_field_errors *errors; /* validation_failed; or NULL */
    const sp_refusal *refusal;     /* the engine's details; or NULL */
    const sp_concert_card *card;   /* of the concert that conflicts are of; or NULL */
    sp_text allow;                 /* method_not_allowed */
    uint32_t retry_after_s;        /* of retryable ones; 0: a second */
} sp_problem;

void sp_problem_write(sp_app_loop *app_loop, sp_answer_to to, const sp_problem *problem,
                      sp_out *out);

/* The problem alone, as a JSON object: of a job that ended in one. to: whose request
 * id it shows; the rest of it does not matter. */
void sp_problem_encode(sp_json_writer *json, sp_answer_to to, const sp_problem *problem);

/* For an exchange, with nothing known but the outcome. */
void sp_problem_answer(sp_exchange *ex, sp_outcome outcome, sp_out *out);

#endif
