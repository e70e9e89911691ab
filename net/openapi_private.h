/* SPDX-License-Identifier: MIT
 *
 * The parts that the document of the interface is put together from
 * (net/openapi.h). Private to net/openapi*.c. Each writes one JSON value, or the
 * members that it says into an open object.
 */
#ifndef SP_NET_OPENAPI_PRIVATE_H
#define SP_NET_OPENAPI_PRIVATE_H

#include "net/json_write.h"
#include "net/route_outcomes.h"
#include "net/schema_fields.h"
#include "net/status.h"

/* openapi_schema.c */

/* A reference to a schema of the components. */
void sp_openapi_put_ref(sp_json_writer *json, const char *name);
/* The schema of a field's value. */
void sp_openapi_put_field(sp_json_writer *json, const sp_schema_field *field);
/* The schema of all that has this shape; of a problem with this code. */
void sp_openapi_put_shape(sp_json_writer *json, sp_schema schema);
void sp_openapi_put_problem(sp_json_writer *json, sp_outcome outcome);
/* One of the problems of a set that have this status (0: of any). */
void sp_openapi_put_problem_choice(sp_json_writer *json, const sp_outcome_set *set, int status);
/* What a job may end in. */
sp_outcome_set sp_openapi_job_outcomes(void);
/* Codes that any operation or job has: these are components. */
sp_outcome_set sp_openapi_all_outcomes(void);

/* openapi_example.c */

/* A value of this shape; of a shape with variants, the first. */
void sp_openapi_put_example(sp_json_writer *json, sp_schema schema);
void sp_openapi_put_problem_example(sp_json_writer *json, sp_outcome outcome);
/* Likewise of a field, for parameters and headers. */
void sp_openapi_put_field_example(sp_json_writer *json, const sp_schema_field *field);

/* openapi_params.c */

/* Member `parameters`, if the route has any. */
void sp_openapi_put_parameters(sp_json_writer *json, const sp_route *route);

/* openapi_headers.c */

typedef enum sp_openapi_header {
    SP_OPENAPI_REQUEST_ID,
    SP_OPENAPI_CACHE_CONTROL,
    SP_OPENAPI_LOCATION,
    SP_OPENAPI_ETAG,
    SP_OPENAPI_VARY,
    SP_OPENAPI_REPLAYED,
    SP_OPENAPI_LIMIT,
    SP_OPENAPI_REMAINING,
    SP_OPENAPI_RESET,
    SP_OPENAPI_RETRY_AFTER,
    SP_OPENAPI_WWW_AUTHENTICATE,
    SP_OPENAPI_HEADERS_COUNT
} sp_openapi_header;

/* The value of components' `headers`. */
void sp_openapi_put_headers(sp_json_writer *json);
/* A member of `headers`: by reference. */
void sp_openapi_put_header(sp_json_writer *json, sp_openapi_header which);
/* Opens the answer of a status, and `headers` with those that all have; limited:
 * and those of the rate limit. The caller ends both objects. */
void sp_openapi_begin_answer(sp_json_writer *json, int status);
void sp_openapi_begin_headers(sp_json_writer *json, bool limited);

/* openapi_answers.c */

/* The value of `responses`. */
void sp_openapi_put_answers(sp_json_writer *json, const sp_route *route);
/* Member `content` of a body. */
void sp_openapi_put_content(sp_json_writer *json, sp_schema schema, bool msgpack);

/* openapi_refusals.c */

/* Members of `responses`: the problems of a route, by status. */
void sp_openapi_put_refusals(sp_json_writer *json, const sp_outcome_set *set, bool limited);
/* The value of components' `responses`. */
void sp_openapi_put_shared_refusals(sp_json_writer *json);
/* What is answered where there is no route. */
void sp_openapi_put_unrouted(sp_json_writer *json);

/* openapi_text.c */

extern const char sp_openapi_about[];

/* A member whose value is these texts, with a blank between them; those that are
 * NULL are left out, and if all are, so is the member. */
void sp_openapi_put_texts(sp_json_writer *json, const char *key, const char *const *texts,
                          uint32_t count);

#endif
