/* SPDX-License-Identifier: MIT
 *
 * What a text must be to be taken in: the rules for e-mail addresses,
 * nicknames, passwords and links, shared by the HTTP interface and the
 * program's own tools. Pure; any thread; no allocation.
 *
 * Each check returns NULL if the text is fine, else a sentence saying what is
 * wrong (static), and sets *code to the field code of a problem's `errors`.
 */
#ifndef SP_NET_TEXT_RULES_H
#define SP_NET_TEXT_RULES_H

#include "engine/values.h"

#define SP_NICKNAME_CHARACTERS_MAX 30u
#define SP_PASSWORD_CHARACTERS_MIN 8u
#define SP_PASSWORD_CHARACTERS_MAX 128u
/* Of a prepared one. */
#define SP_PASSWORD_SIZE_MAX (SP_PASSWORD_CHARACTERS_MAX * 4u)
/* As it was typed: NFC makes one character of up to twelve bytes. */
#define SP_PASSWORD_TYPED_SIZE_MAX (SP_PASSWORD_CHARACTERS_MAX * 12u)

/* Code points of a valid UTF-8 text. */
size_t sp_utf8_count(sp_text text);

typedef enum sp_text_kind {
    SP_TEXT_LINE,       /* no control characters at all */
    SP_TEXT_PARAGRAPHS, /* newline and tab are allowed */
} sp_text_kind;

/* No control characters (C0, DEL, C1), in a line none that turn the reading
 * direction, valid UTF-8, at most size_max bytes. */
const char *sp_text_check(sp_text text, sp_text_kind kind, size_t size_max, const char **code);

/* Empty, or nothing in it that could be seen. The text is valid UTF-8. */
bool sp_text_is_blank(sp_text text);

/* One `@` with something on both sides, printable, no spaces, at most
 * SP_EMAIL_SIZE_MAX bytes. Whether it can receive mail nobody can tell. */
const char *sp_email_check(sp_text email, const char **code);

/* 1 … 30 characters, no control characters. */
const char *sp_nickname_check(sp_text nickname, const char **code);

/* A password as it is hashed, so that it is the same from every keyboard:
 * OpaqueString of RFC 8265, 4.2, with utf8proc: spaces beyond ASCII become
 * U+0020, then NFC. But any character is taken, where that RFC leaves out
 * control characters and those not assigned yet: nobody shows a password, and
 * whoever could type it once can again. Returns the size; 0 if it is empty, not
 * UTF-8, has a U+0000 in it, or is longer than any password (then it is nobody's). */
uint32_t sp_password_prepare(sp_text typed, char out[SP_PASSWORD_SIZE_MAX]);

/* 8 … 128 code points once it is prepared, no U+0000. As it was typed. */
const char *sp_password_check(sp_text typed, const char **code);

/* An absolute http or https link of visible ASCII, as in RFC 3986 without
 * user information; at most SP_URL_SIZE_MAX bytes. */
const char *sp_url_check(sp_text url, const char **code);

#endif
