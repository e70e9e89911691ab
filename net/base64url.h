/* SPDX-License-Identifier: MIT
 *
 * base64url without padding (RFC 4648, 5), read strictly: one value has one
 * text. By table, which libsodium's reader avoids at ten times the cost: for
 * what a client has sent, whose time of reading tells nobody anything. What is
 * secret must not pass here.
 */
#ifndef SP_NET_BASE64URL_H
#define SP_NET_BASE64URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that a text of this many characters makes. */
#define SP_BASE64URL_SIZE(text_size) ((size_t)(text_size) / 4 * 3 + (size_t)(text_size) % 4 * 3 / 4)

/* Writes SP_BASE64URL_SIZE(text_size) bytes. false = a foreign character, a
 * lone one at the end, or bits set behind the last byte. */
bool sp_base64url_decode(const char *text, size_t text_size, uint8_t *out);

#endif
