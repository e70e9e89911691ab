/* SPDX-License-Identifier: MIT
 *
 * Bodies and queries into commands. A decoder walks the whole tree and notes
 * every bad field, so that a client learns of all at once; what it writes
 * before it fails means nothing. On the loop's thread; never blocks.
 *
 * Codes of field errors: required, unknown, duplicate, type, range, format,
 * too_short, too_long, conflict (not beside another field); and `invalid` for
 * what only the engine can judge.
 */
#ifndef SP_NET_DECODE_H
#define SP_NET_DECODE_H

#include "engine/command.h"
#include "engine/search.h"
#include "net/field_errors.h"
#include "net/json_read.h"

typedef struct sp_decode {
    const sp_json_reader *reader;
    sp_field_errors *errors;
} sp_decode;

/* ---- Whole bodies. true = nothing was wrong with it. ---- */

/* POST /v1/orders: fills order_create, of seats (sorted ascending) or of a hold. */
bool sp_decode_order(sp_decode *decode, const sp_json_node *root, sp_command *out);
/* The same straight from the text, for a body of seats as nearly all are. false
 * says nothing but that it has to go the long way; where this says true, that
 * would have said the same. */
bool sp_decode_order_scan(sp_text body, sp_command *out);

/* POST /v1/concerts/{id}/holds: fills hold_take but its concert, for seats (sorted
 * ascending) or for the best that are left; the grade borrows. */
bool sp_decode_hold(sp_decode *decode, const sp_json_node *root, sp_command *out);
/* POST /v1/holds/{id}/extend: nothing to say; root NULL = there was no body. */
bool sp_decode_nothing(sp_decode *decode, const sp_json_node *root);

/* POST /v1/orders/{id}/cancel: root NULL = there was no body. reason borrows. */
bool sp_decode_cancel(sp_decode *decode, const sp_json_node *root, sp_text *reason);

/* POST /v1/concerts: *out is one malloc'ed block with all that the spec
 * borrows inside it; NULL if anything was wrong. body_size bounds its texts. */
bool sp_decode_concert(sp_decode *decode, const sp_json_node *root, uint32_t body_size,
                       sp_concert_spec **out);

/* PATCH /v1/concerts/{id}: likewise, for what it states, at least one field. */
bool sp_decode_concert_edit(sp_decode *decode, const sp_json_node *root, uint32_t body_size,
                            sp_concert_patch **out);

/* POST /v1/categories: name borrows. */
bool sp_decode_category(sp_decode *decode, const sp_json_node *root, sp_text *name);

typedef struct sp_credentials {
    sp_text email, password;
    sp_text nickname; /* sign-up only */
} sp_credentials;

/* POST /v1/users and POST /v1/auth/login; the texts borrow. A log-in only has
 * to have texts of sane size: rules may change after a sign-up. */
bool sp_decode_sign_up(sp_decode *decode, const sp_json_node *root, sp_credentials *out);
bool sp_decode_login(sp_decode *decode, const sp_json_node *root, sp_credentials *out);

/* POST /v1/auth/refresh and /logout: any text, which may be no token; borrows. */
bool sp_decode_refresh(sp_decode *decode, const sp_json_node *root, sp_text *out);

/* PUT /v1/users/me/password: the old one as in a log-in, the new one by the
 * rules; both borrow. */
typedef struct sp_password_pair {
    sp_text old_password, new_password;
} sp_password_pair;
bool sp_decode_password_change(sp_decode *decode, const sp_json_node *root, sp_password_pair *out);

/* PATCH /v1/users/me: the texts borrow; password_hash is NULL. */
bool sp_decode_profile_edit(sp_decode *decode, const sp_json_node *root, sp_profile_edit *out);

/* PUT /v1/users/{id}/role and POST /v1/users/{id}/points. */
bool sp_decode_role(sp_decode *decode, const sp_json_node *root, sp_role *out);
bool sp_decode_grant(sp_decode *decode, const sp_json_node *root, sp_points *out);

/* An Idempotency-Key is so long at most; visible ASCII. */
#define SP_KEY_SIZE_MAX 255u

/* ---- Queries ---- */

typedef enum sp_param {
    SP_PARAM_LIMIT,    /* 1 … 100 */
    SP_PARAM_CURSOR,   /* an id */
    SP_PARAM_CATEGORY, /* an id */
    SP_PARAM_USER,     /* an id */
    /* The second half of a ledger's cursor, `SEQ.BALANCE`: has no name of its
     * own. Where it is allowed, a cursor is of this form, and SP_PARAM_CURSOR
     * is the seq. */
    SP_PARAM_BALANCE,
    SP_PARAMS,
    /* No numbers. Whoever checks a ticket reads the query itself (net/ticket.h). */
    SP_PARAM_TICKET = SP_PARAMS,
    SP_PARAM_Q, /* a text to search for: sp_query_search_text */
} sp_param;

#define SP_LIST_LIMIT_DEFAULT 20
#define SP_LIST_LIMIT_MAX 100

/* allowed: a mask of 1 << sp_param. What is not given gets its default
 * (limit 20, others 0). false = something was wrong. */
bool sp_decode_query(sp_decode *decode, sp_text query, unsigned allowed, int64_t values[SP_PARAMS]);

/* The text of `q` in a query that sp_decode_query has taken: 1 to
 * SP_SEARCH_TEXT_SIZE_MAX bytes of UTF-8, in out; absent if there is none. A `+` is a
 * space in it, as browsers' forms send it (and, with it, every library that makes
 * queries of names and values; they all send a plus as `%2B`). */
sp_text sp_query_search_text(sp_text query, char out[SP_SEARCH_TEXT_SIZE_MAX]);

/* Exactly a decimal number 1 … 2^32-1 without leading zeros: the form of an
 * id in a path, a query or a body. */
bool sp_decode_id_text(sp_text text, uint32_t *out);

/* ---- Fields, for the decoders. Each notes what is wrong and returns false;
 * a NULL node returns false in silence (its absence was noted, or allowed). */

typedef struct sp_decode_member {
    const char *name;
    bool required;
} sp_decode_member;

/* Sorts the members of an object by a table: found[i] is the value of
 * members[i], or NULL; null counts as absent where a member is optional. */
bool sp_decode_object(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                      const sp_decode_member *members, uint32_t count, const sp_json_node **found);

/* Has it a member of this name, and null? sp_decode_object takes it for absent, which it
 * is not in an edit (RFC 7396). */
bool sp_decode_has_null(const sp_decode *decode, const sp_json_node *node, sp_text name);

bool sp_decode_integer(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                       int64_t min, int64_t max, int64_t *out);
bool sp_decode_boolean(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                       bool *out);
/* A decimal string, or an integer. */
bool sp_decode_id(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                  uint32_t *out);
/* RFC 3339, or Unix seconds as an integer. */
bool sp_decode_time(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                    sp_time_ms *out);
/* One of `names`; *out = its index. */
bool sp_decode_choice(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                      const char *const *names, uint32_t count, uint32_t *out);
/* Any string: for those with a rule of their own (net/text_rules.h). */
bool sp_decode_string(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                      sp_text *out);
bool sp_decode_array(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                     uint32_t count_min, uint32_t count_max, const char *detail);
/* `seats`: 1 to 100 of them, none twice, sorted ascending. */
bool sp_decode_seats(sp_decode *decode, const sp_json_node *node, sp_seat *seats, uint32_t *count);
/* A line or paragraphs of at most size_max bytes; empty only if optional. */
typedef struct sp_decode_text_rule {
    uint32_t size_max;
    bool paragraphs, may_be_empty;
} sp_decode_text_rule;
bool sp_decode_text(sp_decode *decode, const sp_json_node *node, const sp_field_path *path,
                    sp_decode_text_rule rule, sp_text *out);

/* Notes an error of a field; false, so that a check can end with it. */
bool sp_decode_fail(sp_decode *decode, const sp_field_path *path, const char *code,
                    const char *detail);

/* Path of a member of the body itself. */
#define SP_FIELD(literal) (&(sp_field_path){NULL, SP_TEXT(literal), 0})

#endif
