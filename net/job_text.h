/* SPDX-License-Identifier: MIT
 *
 * What is told of a job, as JSON. One text a job: GET, the stream and every
 * repetition show the same. Loop thread (or any: they touch their arguments alone).
 *
 *   accepted   {"jobId":…,"streamUrl":"/v1/jobs/ID/stream?ticket=…"}
 *   waiting    {"jobId":…,"status":"waiting","position":1}
 *   done       {"jobId":…,"status":"done","success":true,"order":{…}}
 *              {"jobId":…,"status":"done","success":false,"error":{a problem}}
 */
#ifndef SP_NET_JOB_TEXT_H
#define SP_NET_JOB_TEXT_H

#include "net/job_id.h"
#include "net/problem.h"
#include "net/ticket.h"

void sp_job_put_accepted(sp_json_writer *json, const sp_hash128 *id,
                         const char ticket[SP_TICKET_SIZE]);
void sp_job_put_waiting(sp_json_writer *json, const sp_hash128 *id, uint64_t place);
/* card: of the order's concert. */
void sp_job_put_success(sp_json_writer *json, const sp_hash128 *id, const sp_order_view *order,
                        const sp_concert_card *card);
/* to: whose request id the problem shows. */
void sp_job_put_failure(sp_json_writer *json, const sp_hash128 *id, sp_answer_to to,
                        const sp_problem *problem);

/* `/v1/jobs/ID`. */
#define SP_JOB_LOCATION_SIZE (9u + SP_JOB_ID_TEXT_SIZE)
sp_text sp_job_location(const sp_hash128 *id, char out[SP_JOB_LOCATION_SIZE]);

#endif
