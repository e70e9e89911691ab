/* SPDX-License-Identifier: MIT
 *
 * What a request's headers say about media and validators: pure checks of
 * header texts.
 */
#ifndef SP_NET_NEGOTIATE_H
#define SP_NET_NEGOTIATE_H

#include <stddef.h>

#include "engine/values.h"

/* What a body can be. */
typedef enum sp_media_kind {
    SP_MEDIA_UNKNOWN = 0,
    SP_MEDIA_JSON,
    SP_MEDIA_MSGPACK,
} sp_media_kind;

/* Content-Type: application/json, with no parameter but charset=utf-8; or
 * application/msgpack or application/vnd.msgpack, with none. */
sp_media_kind sp_media_kind_of(sp_text content_type);

/* Content-Encoding: absent, or nothing but `identity`. */
bool sp_coding_is_identity(sp_text content_encoding);

/* Does Accept let application/json (or application/problem+json) through?
 * The most specific range of each counts, with its weight (RFC 9110, 12.5.1).
 * Absent, empty or unreadable parts exclude nothing. */
bool sp_accept_allows_json(sp_text accept);

/* Likewise of text/event-stream; whoever lets through nothing but problems has asked
 * for no stream. */
bool sp_accept_allows_events(sp_text accept);

/* The one of the two that Accept weighs more, where a route can make both; of
 * equals JSON, so also where nothing is said. JSON for who lets through nothing
 * but problems, UNKNOWN for who excludes all three. */
sp_media_kind sp_accept_choose(sp_text accept);

/* Does If-None-Match name this tag, or `*`? Weak comparison (RFC 9110,
 * 13.1.2). etag: with its quotes. */
bool sp_etag_matches(sp_text if_none_match, sp_text etag);

/* The strong tag of a seat map: `"<concert>-<seq>"`, and of its other form,
 * which has other bytes, `"<concert>-<seq>-msgpack"`. Returns its size. */
#define SP_ETAG_SIZE_MAX 42u
size_t sp_etag_print(sp_concert_id concert, sp_seq seq, sp_media_kind kind,
                     char out[SP_ETAG_SIZE_MAX]);

/* Authorization: the token of the Bearer scheme; absent if it is another
 * scheme or has no token. */
sp_text sp_bearer_token(sp_text authorization);

#endif
