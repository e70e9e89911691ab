/* SPDX-License-Identifier: MIT
 *
 * JSON out: yajl's generator writing straight into an sp_out, one generator a
 * loop, reset between answers, so that writing allocates nothing but the
 * growth of the buffer. Whoever writes badly nested JSON has a bug: that
 * aborts. Texts must be valid UTF-8.
 */
#ifndef SP_NET_JSON_WRITE_H
#define SP_NET_JSON_WRITE_H

#include "engine/values.h"
#include "net/out.h"

typedef struct sp_json_writer sp_json_writer;

/* NULL if out of memory. */
sp_json_writer *sp_json_writer_create(void);
void sp_json_writer_destroy(sp_json_writer *writer);

/* Begins one JSON text behind what `out` holds. */
void sp_json_begin(sp_json_writer *writer, sp_out *out);

void sp_json_object(sp_json_writer *writer);
void sp_json_object_end(sp_json_writer *writer);
void sp_json_array(sp_json_writer *writer);
void sp_json_array_end(sp_json_writer *writer);

void sp_json_key(sp_json_writer *writer, const char *key);

void sp_json_null(sp_json_writer *writer);
void sp_json_boolean(sp_json_writer *writer, bool value);
void sp_json_integer(sp_json_writer *writer, int64_t value);
void sp_json_string(sp_json_writer *writer, const char *string);
/* An absent text is null. */
void sp_json_text(sp_json_writer *writer, sp_text text);
/* An id: a decimal string. */
void sp_json_id(sp_json_writer *writer, uint32_t id);
/* RFC 3339; 0 is null. */
void sp_json_time(sp_json_writer *writer, sp_time_ms time);
/* The next value will be written by the caller, straight into the returned
 * buffer, at once: a long one that needs no escaping. */
sp_out *sp_json_raw(sp_json_writer *writer);

/* key and value in one. */
void sp_json_put_integer(sp_json_writer *writer, const char *key, int64_t value);
void sp_json_put_string(sp_json_writer *writer, const char *key, const char *string);
void sp_json_put_text(sp_json_writer *writer, const char *key, sp_text text);
void sp_json_put_id(sp_json_writer *writer, const char *key, uint32_t id);
void sp_json_put_time(sp_json_writer *writer, const char *key, sp_time_ms time);

#endif
