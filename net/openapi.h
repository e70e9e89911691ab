/* SPDX-License-Identifier: MIT
 *
 * The document of the interface, OpenAPI 3.1: every route with its parameters,
 * bodies, answers, codes, headers and examples. Made of the tables alone (routes,
 * schemas, outcomes, statuses), so that a row that is added is in it.
 *
 * What is not in it as an operation: HEAD, which is GET without a body, and
 * OPTIONS, which every path answers with what it takes. As operations they would
 * say of each path what can be said once, and clients made from the document
 * would have functions that nobody calls. What answers to a path or method that
 * is in no row stands under `x-unrouted`.
 *
 * Made once at the start, immutable from then on; loops share it.
 */
#ifndef SP_NET_OPENAPI_H
#define SP_NET_OPENAPI_H

#include "net/out.h"

#define SP_OPENAPI_TAG_SIZE 34u

typedef struct sp_openapi {
    sp_out out;
    sp_text text;                  /* what stands in it */
    char tag[SP_OPENAPI_TAG_SIZE]; /* its strong entity tag, a hash; not terminated */
} sp_openapi;

/* version: the program's. Takes some milliseconds. Aborts if memory is out. */
void sp_openapi_init(sp_openapi *openapi, const char *version);
/* All zero is fine too. */
void sp_openapi_close(sp_openapi *openapi);

/* Appends the document: one JSON text. */
void sp_openapi_write(const char *version, sp_out *out);

#endif
