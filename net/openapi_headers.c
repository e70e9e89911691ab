/* SPDX-License-Identifier: MIT
 *
 * Headers of answers, and how an answer begins. net/answer.c writes them.
 */
#include <stdio.h>

#include "net/app.h"
#include "net/openapi_private.h"

static const char *const cache_controls[] = {"no-store", "no-cache", NULL};
static const char *const trues[] = {"true", NULL};

/* What is optional is there or not by what the request or the installation is. */
static const sp_schema_field headers[SP_OPENAPI_HEADERS_COUNT] = {
    [SP_OPENAPI_REQUEST_ID] = SP_KEY(
        "X-Request-Id", TEXT, .pattern = SP_PATTERN_REQUEST_ID, .example = "\"00c0ffee00c0ffee\"",
        .about = "The client's own, if he sent a good one; else ours."),
    [SP_OPENAPI_CACHE_CONTROL] = SP_KEY("Cache-Control", CHOICE, .choices = cache_controls,
                                        .about = "`no-store` wherever a token was sent."),
    [SP_OPENAPI_LOCATION] =
        SP_KEY("Location", TEXT, .pattern = "^/v1/", .example = "\"/v1/orders/1\"",
               .about = "Where it is to be found."),
    [SP_OPENAPI_ETAG] = SP_KEY("ETag", TEXT, .pattern = "^\"[!#-~]+\"$",
                               .example = "\"\\\"1-42\\\"\"", .about = "Send it as If-None-Match."),
    [SP_OPENAPI_VARY] = SP_KEY("Vary", TEXT, .pattern = "Accept", .example = "\"Accept\"",
                               .about = "There are two forms."),
    [SP_OPENAPI_REPLAYED] =
        SP_KEY("Idempotency-Replayed", CHOICE, .choices = trues, .optional = true,
               .about = "There if this was done before, with this Idempotency-Key."),
    [SP_OPENAPI_LIMIT] = SP_KEY(
        "RateLimit-Limit", INTEGER, .min = 1, .max = SP_WRITES_PER_S_MAX, .optional = true,
        .example = "50", .about = "Writes a second. There if they are limited and were counted."),
    [SP_OPENAPI_REMAINING] = SP_KEY("RateLimit-Remaining", INTEGER, .max = SP_WRITES_PER_S_MAX,
                                    .optional = true, .example = "49"),
    [SP_OPENAPI_RESET] =
        SP_KEY("RateLimit-Reset", INTEGER, .max = SP_POINTS_TOTAL_MAX, .optional = true,
               .example = "1", .about = "Seconds until it is full again."),
    [SP_OPENAPI_RETRY_AFTER] = SP_KEY("Retry-After", INTEGER, .min = 1, .max = SP_POINTS_TOTAL_MAX,
                                      .example = "1", .about = "Try again after so many seconds."),
    [SP_OPENAPI_WWW_AUTHENTICATE] = SP_KEY("WWW-Authenticate", TEXT, .pattern = "^Bearer",
                                           .example = "\"Bearer error=\\\"invalid_token\\\"\""),
};

void sp_openapi_put_headers(sp_json_writer *json)
{
    sp_json_object(json);
    for (unsigned i = 0; i < SP_OPENAPI_HEADERS_COUNT; i++) {
        sp_schema_field bare = headers[i];
        bare.about = NULL;
        sp_json_key(json, headers[i].name);
        sp_json_object(json);
        if (headers[i].about)
            sp_json_put_string(json, "description", headers[i].about);
        sp_json_key(json, "required");
        sp_json_boolean(json, !headers[i].optional);
        sp_json_key(json, "schema");
        sp_openapi_put_field(json, &bare);
        sp_json_key(json, "example");
        sp_openapi_put_field_example(json, &headers[i]);
        sp_json_object_end(json);
    }
    sp_json_object_end(json);
}

void sp_openapi_put_header(sp_json_writer *json, sp_openapi_header which)
{
    char ref[64];
    snprintf(ref, sizeof ref, "#/components/headers/%s", headers[which].name);
    sp_json_key(json, headers[which].name);
    sp_json_object(json);
    sp_json_put_string(json, "$ref", ref);
    sp_json_object_end(json);
}

/* Begins an answer, and its headers with those that all have. */
void sp_openapi_begin_answer(sp_json_writer *json, int status)
{
    char number[12];
    snprintf(number, sizeof number, "%d", status);
    sp_json_key(json, number);
    sp_json_object(json);
}

void sp_openapi_begin_headers(sp_json_writer *json, bool limited)
{
    sp_json_key(json, "headers");
    sp_json_object(json);
    sp_openapi_put_header(json, SP_OPENAPI_REQUEST_ID);
    sp_openapi_put_header(json, SP_OPENAPI_CACHE_CONTROL);
    if (limited) {
        sp_openapi_put_header(json, SP_OPENAPI_LIMIT);
        sp_openapi_put_header(json, SP_OPENAPI_REMAINING);
        sp_openapi_put_header(json, SP_OPENAPI_RESET);
    }
}
