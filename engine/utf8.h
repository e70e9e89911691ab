/* SPDX-License-Identifier: MIT */
#ifndef SP_ENGINE_UTF8_H
#define SP_ENGINE_UTF8_H

#include "engine/values.h"

/* Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing
 * over U+10FFFF. An absent or empty text is. */
bool sp_utf8_valid(sp_text text);

#endif
