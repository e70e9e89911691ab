/* SPDX-License-Identifier: MIT */
#include "net/job_text.h"

#include "net/encode.h"

static const char prefix[] = "/v1/jobs/";
static const char stream_suffix[] = "/stream?ticket=";

_Static_assert(sizeof prefix - 1 + SP_JOB_ID_TEXT_SIZE == SP_JOB_LOCATION_SIZE, "its size");

sp_text sp_job_location(const sp_hash128 *id, char out[SP_JOB_LOCATION_SIZE])
{
    memcpy(out, prefix, sizeof prefix - 1);
    sp_job_id_print(id, out + sizeof prefix - 1);
    return (sp_text){out, SP_JOB_LOCATION_SIZE};
}

static void begin(sp_json_writer *json, const sp_hash128 *id)
{
    char text[SP_JOB_ID_TEXT_SIZE];
    sp_job_id_print(id, text);
    sp_json_object(json);
    sp_json_put_text(json, "jobId", (sp_text){text, sizeof text});
}

void sp_job_put_accepted(sp_json_writer *json, const sp_hash128 *id,
                         const char ticket[SP_TICKET_SIZE])
{
    char url[SP_JOB_LOCATION_SIZE + sizeof stream_suffix - 1 + SP_TICKET_SIZE];
    char *at = url + sp_job_location(id, url).size;
    at = sp_text_put(at, SP_TEXT(stream_suffix));
    memcpy(at, ticket, SP_TICKET_SIZE);
    begin(json, id);
    sp_json_put_text(json, "streamUrl", (sp_text){url, sizeof url});
    sp_json_object_end(json);
}

void sp_job_put_waiting(sp_json_writer *json, const sp_hash128 *id, uint64_t place)
{
    begin(json, id);
    sp_json_put_string(json, "status", "waiting");
    sp_json_put_integer(json, "position", (int64_t)place);
    sp_json_object_end(json);
}

static void begin_done(sp_json_writer *json, const sp_hash128 *id, bool success)
{
    begin(json, id);
    sp_json_put_string(json, "status", "done");
    sp_json_key(json, "success");
    sp_json_boolean(json, success);
}

void sp_job_put_success(sp_json_writer *json, const sp_hash128 *id, const sp_order_view *order,
                        const sp_concert_card *card)
{
    begin_done(json, id, true);
    sp_json_key(json, "order");
    sp_encode_order(json, order, card);
    sp_json_object_end(json);
}

void sp_job_put_failure(sp_json_writer *json, const sp_hash128 *id, sp_answer_to to,
                        const sp_problem *problem)
{
    begin_done(json, id, false);
    sp_json_key(json, "error");
    sp_problem_encode(json, to, problem);
    sp_json_object_end(json);
}
