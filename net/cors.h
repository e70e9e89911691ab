/* SPDX-License-Identifier: MIT
 *
 * CORS (the Fetch standard, 3.2): which web pages of other origins may read our
 * answers. Off unless origins are configured. Without credentials: who asks is
 * told by a Bearer token, which a page can send only if it has it.
 *
 * The header fields of every origin are spelled out when it is added, so an
 * answer costs a copy; and if CORS is off, one look at a pointer.
 *
 * Filled before the loops run, constant from then on; any thread.
 */
#ifndef SP_NET_CORS_H
#define SP_NET_CORS_H

#include "engine/values.h"

#define SP_CORS_ORIGINS_MAX 16u
#define SP_CORS_ORIGIN_SIZE_MAX 300u
#define SP_CORS_FIELDS_SIZE_MAX 640u

typedef struct sp_cors_origin {
    uint32_t origin_size, fields_size;
    char origin[SP_CORS_ORIGIN_SIZE_MAX];
    char fields[SP_CORS_FIELDS_SIZE_MAX]; /* whole lines */
} sp_cors_origin;

/* All zero: none yet. */
typedef struct sp_cors {
    bool any; /* `*` was added */
    uint32_t count;
    sp_cors_origin origins[SP_CORS_ORIGINS_MAX];
} sp_cors;

/* `scheme://host[:port]` as a browser sends it (lower case, no path), or `*`.
 * false: it is neither, or there are too many. */
bool sp_cors_add(sp_cors *cors, const char *origin);

/* Whose fields an answer to a request with this Origin (or none) gets:
 * 0 = nobody's. cors may be NULL. */
uint8_t sp_cors_find(const sp_cors *cors, sp_text origin);
/* The fields of an answer, whole lines. With 0 that is Vary alone: a cache must
 * not give a page an answer that was made for none. */
sp_text sp_cors_fields(const sp_cors *cors, uint8_t index);

/* The rest of what a preflight is answered, whole lines; methods: as an Allow
 * field has them. Returns its size. */
#define SP_CORS_PREFLIGHT_SIZE_MAX 400u
uint32_t sp_cors_preflight(sp_text methods, char out[SP_CORS_PREFLIGHT_SIZE_MAX]);

#endif
