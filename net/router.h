/* SPDX-License-Identifier: MIT
 *
 * Routes: a row says all there is to say about one, and the table in routes.c
 * is the only place where a route is declared. The router finds the row of a
 * request by an index that it derives from the table at the first look-up; so
 * any thread may ask.
 */
#ifndef SP_NET_ROUTER_H
#define SP_NET_ROUTER_H

#include "net/decode.h"
#include "net/exchange.h"
#include "net/schema.h"
#include "net/tags.h"

/* Who may ask. The token is checked here; the role of the state is judged by
 * the engine, and stands here for the reader and the documentation. */
typedef enum sp_who {
    SP_WHO_ANYONE = 1,
    SP_WHO_SIGN_UP, /* anyone, unless sign-up is closed */
    SP_WHO_USER,
    SP_WHO_HOST,
    SP_WHO_ADMIN,
} sp_who;

typedef enum sp_body_kind {
    SP_BODY_NONE = 0, /* a body is ignored */
    SP_BODY_OPTIONAL,
    SP_BODY_JSON,
} sp_body_kind;

/* What --ops-listen serves: to anyone who reaches it, without a token. */
typedef enum sp_ops {
    SP_OPS_NOT = 0,
    SP_OPS_SERVED,
    SP_OPS_ALWAYS, /* there also while starting, stopping or failed */
} sp_ops;

typedef struct sp_route {
    sp_method method;    /* GET also serves HEAD */
    const char *pattern; /* segments; `{id}` takes a decimal number,
                          * `{job}` is read by its handlers (net/job_id.h) */
    sp_who who;
    sp_body_kind body;
    unsigned params;    /* allowed in the query: 1 << sp_param */
    sp_schema request;  /* what its body is, if it takes one */
    sp_schema response; /* what the body of a success is */
    bool msgpack;       /* both may be application/msgpack too; problems never are */
    bool keyed;         /* takes an Idempotency-Key */
    bool always;        /* also while starting, stopping or failed */
    sp_ops ops;         /* by the operator's listener; not at all, mostly */
    bool plain;         /* answers text, whatever Accept says (RFC 9110, 12.5.1) */
    bool page;          /* for people (net/pages.h): no part of the API, so it is in
                         * no document of it, and names no bodies */
    bool lists;         /* its result has a list to give back at the end */
    bool streams;       /* its success is a stream of events (net/stream.h) */
    bool ticket;        /* a ticket in the query will do for a token (net/ticket.h) */

    /* Decodes the body (root NULL: there is none) into the loop's command or
     * the exchange's memory; false = errors were noted. NULL: nothing to. */
    bool (*decode)(sp_exchange *ex, sp_decode *decode, const sp_json_node *root);
    /* A short cut past the JSON reader and decode, into the loop's command,
     * for bodies whose shape it knows; false = take the long way. May be
     * NULL. */
    bool (*scan)(sp_text body, sp_command *out);
    /* All checks of shape passed: push, start pool work, or ready.
     * NULL: ready. */
    void (*start)(sp_exchange *ex);
    /* The command came back without a refusal. NULL: ready. */
    void (*completed)(sp_exchange *ex);
    /* It came back refused: may put another outcome into its result, also OK
     * (then `completed` follows), or try again (true: push or pool work is under
     * way, or ex is refused). NULL: it stands. */
    bool (*refused)(sp_exchange *ex);
    /* Writes the answer of a success (or a problem after all). */
    void (*answer)(sp_exchange *ex, sp_out *out);
    /* The exchange ends: gives back what it holds beyond its memory and its slot.
     * NULL: nothing. */
    void (*end)(sp_exchange *ex);

    /* For the document of the interface (net/openapi.h), and its tests. */
    const char *operation; /* what clients' programs call it; in no other row */
    const char *summary;   /* in a few words */
    const char *about;     /* more, in Markdown; NULL: there is no more to say */
    sp_tag tag;
    int status; /* of a success; 0: 200, or 204 where there is no body */
    int also;   /* of an answer without a body that is no problem either: 304 of what
                 * has an entity tag, 204 of a stream that is over; 0: none */
    /* The codes that this row can answer beyond those that follow from the rest of
     * it (net/route_outcomes.h); SP_OK ends them. */
    const sp_outcome *outcomes;
} sp_route;

extern const sp_route sp_routes[];
extern const uint32_t sp_routes_count;

typedef struct sp_route_match {
    const sp_route *route; /* NULL: no row has this path and method */
    unsigned allowed;      /* 1 << sp_method that this path takes; 0: unknown */
    /* Ids in the path. 0 = not one: nothing has that id, so that it is refused
     * as unknown where an unknown id is, behind token, body and role. */
    uint32_t params[2];
} sp_route_match;

sp_route_match sp_router_match(sp_method method, sp_text path);

/* 1 << sp_method of every method that any row takes. */
unsigned sp_router_methods(void);

/* The methods of a mask as an Allow header writes them; OPTIONS is always
 * there. Returns the size. */
#define SP_ALLOW_SIZE_MAX 64u
uint32_t sp_router_allow(unsigned allowed, char out[SP_ALLOW_SIZE_MAX]);

#endif
