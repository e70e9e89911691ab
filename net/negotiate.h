/* SPDX-License-Identifier: MIT
 *
 * What a request's headers say about media and validators: pure checks of
 * header texts.
 */
#ifndef SP_NET_NEGOTIATE_H
#define SP_NET_NEGOTIATE_H

#include <stddef.h>

#include "engine/values.h"

/* Content-Type: application/json, with no parameter but charset=utf-8. */
bool sp_media_is_json(sp_text content_type);

/* Content-Encoding: absent, or nothing but `identity`. */
bool sp_coding_is_identity(sp_text content_encoding);

/* Does Accept let application/json (or application/problem+json) through?
 * The most specific range of each counts, with its weight (RFC 9110, 12.5.1).
 * Absent, empty or unreadable parts exclude nothing. */
bool sp_accept_allows_json(sp_text accept);

/* Does If-None-Match name this tag, or `*`? Weak comparison (RFC 9110,
 * 13.1.2). etag: with its quotes. */
bool sp_etag_matches(sp_text if_none_match, sp_text etag);

/* The strong tag of a seat map: `"<concert>-<seq>"`. Returns its size. */
#define SP_ETAG_SIZE_MAX 34u
size_t sp_etag_print(sp_concert_id concert, sp_seq seq, char out[SP_ETAG_SIZE_MAX]);

/* Authorization: the token of the Bearer scheme; absent if it is another
 * scheme or has no token. */
sp_text sp_bearer_token(sp_text authorization);

#endif
