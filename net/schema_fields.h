/* SPDX-License-Identifier: MIT
 *
 * The shapes of all bodies that travel (net/schema.h names them): their fields,
 * with type, range and meaning, in tables. The document of the interface
 * (net/openapi.h) is made of these; ranges are the constants that the decoders
 * check, so that neither can be changed alone.
 *
 * The tables say what an encoder writes and a decoder takes, and are not what
 * these run on: the end-to-end tests hold both against the document.
 *
 * Static, immutable; any thread.
 */
#ifndef SP_NET_SCHEMA_FIELDS_H
#define SP_NET_SCHEMA_FIELDS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/limits.h"
#include "engine/outcome.h"
#include "net/schema.h"

typedef enum sp_value_kind {
    SP_VALUE_ID = 1,     /* a decimal string */
    SP_VALUE_ID_GIVEN,   /* of a request: that, or an integer */
    SP_VALUE_TIME,       /* RFC 3339 in UTC with milliseconds */
    SP_VALUE_TIME_GIVEN, /* of a request: RFC 3339, or Unix seconds */
    SP_VALUE_INTEGER,    /* min … max, always */
    SP_VALUE_SECONDS,    /* a number from 0 */
    SP_VALUE_BOOLEAN,
    SP_VALUE_TRUE,
    SP_VALUE_FALSE,
    SP_VALUE_TEXT,     /* min … max characters; max 0: no bound but the body's */
    SP_VALUE_CHOICE,   /* one of `choices` */
    SP_VALUE_SHAPE,    /* what `shape` says */
    SP_VALUE_COUNTS,   /* an object of counts, by names that `pattern` describes */
    SP_VALUE_REFUSALS, /* a problem that a job may end in */
} sp_value_kind;

typedef struct sp_schema_field {
    const char *name;
    sp_value_kind kind;
    bool optional; /* it may be missing */
    bool nullable;
    bool many; /* an array of such, count_min … count_max of them (0: no bound) */
    bool unique;
    bool in_bytes; /* the server counts a text's bytes: characters beyond ASCII are
                    * more than one */
    uint32_t count_min, count_max;
    int64_t min, max;
    const char *pattern;        /* ECMA-262, in both engines' common part; or NULL */
    const char *const *choices; /* ended by NULL */
    sp_schema shape;
    const char *fallback; /* JSON: what it is if it is missing; or NULL */
    const char *about;    /* a sentence, or NULL where the name says it */
    const char *example;  /* JSON; NULL: the kind's own */
} sp_schema_field;

typedef struct sp_schema_shape {
    const sp_schema_field *fields; /* ended by one without a name; NULL: see below */
    const sp_schema *variants;     /* one of these; ended by UNNAMED; or NULL */
    const char *text_type;         /* it is text of this media type; or NULL */
    const char *text_example;      /* then one of that */
    bool empty;                    /* an object without fields, on purpose */
    bool some;                     /* one of the fields at least */
    bool events;                   /* a stream; its variants are what comes in it */
    bool open;                     /* fields that are not named here may be there too */
} sp_schema_shape;

/* Of any schema or part but EMPTY; NULL if it was forgotten. */
const sp_schema_shape *sp_schema_shape_of(sp_schema schema);

/* What a problem has beside the members that all have, ended likewise; NULL:
 * nothing. */
const sp_schema_field *sp_schema_problem_fields(sp_outcome outcome);

/* Patterns that are needed in more than one place. */
#define SP_PATTERN_ID "^[1-9][0-9]{0,9}$"
#define SP_PATTERN_JOB "^[0-9a-f]{32}$"
#define SP_PATTERN_REQUEST_ID "^[A-Za-z0-9._-]{1,64}$"
#define SP_PATTERN_TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$"
/* `SEQ.BALANCE`: net/decode_query.c. */
#define SP_PATTERN_LEDGER_CURSOR "^[1-9][0-9]{0,15}\\.(0|-?[1-9][0-9]{0,15})$"
#define SP_PATTERN_TICKET "^[A-Za-z0-9_-]{36}$"

/* For the tables. */
#define SP_KEY(text, which, ...)                              \
    {                                                         \
        .name = (text), .kind = SP_VALUE_##which, __VA_ARGS__ \
    }
#define SP_KEY_COUNT(text, ...) SP_KEY(text, INTEGER, .max = SP_POINTS_TOTAL_MAX, __VA_ARGS__)
#define SP_KEY_SEQ(...) SP_KEY_COUNT("seq", .example = "42", __VA_ARGS__)
#define SP_KEY_SHAPE(text, part, ...) SP_KEY(text, SHAPE, .shape = SP_SCHEMA_##part, __VA_ARGS__)

#define SP_KEYS_END \
    {               \
        0           \
    }
#define SP_VARIANTS (const sp_schema[])

/* Private to net/schema_*.c: each fills its rows; the others stay NULL. */
extern const sp_schema_shape sp_schema_requests[SP_PARTS_END];
extern const sp_schema_shape sp_schema_answers[SP_PARTS_END];
extern const sp_schema_shape sp_schema_stats[SP_PARTS_END];
extern const sp_schema_shape sp_schema_streams[SP_PARTS_END];
extern const sp_schema_shape sp_schema_problems[SP_PARTS_END];

/* Choices that more than one shape has. */
extern const char *const sp_schema_roles[];
extern const char *const sp_schema_ages[];
extern const char *const sp_schema_concert_statuses[];

#endif
