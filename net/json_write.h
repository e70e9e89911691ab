/* SPDX-License-Identifier: MIT
 *
 * JSON out, straight into an sp_out: one writer a loop, begun anew for each
 * text, so that writing allocates nothing but the growth of the buffer.
 * Written by hand, and half of it inline, because it is most of the work of an
 * answer: with yajl's generator (a callback a token, printf a number) an order
 * took 16,000 instructions, with this 2,000 (and 900 by net/encode_order.c,
 * which goes round it).
 *
 * Whoever writes badly nested JSON has a bug: that aborts. A key is one of the
 * program's own words, in which nothing needs escaping; the size of a literal
 * is known to the compiler, since all that takes a key is inlined.
 *
 * Texts must be valid UTF-8, which is not looked at again here: what comes
 * from clients was checked by net/json_read.c, what comes from the log by
 * sp_admit (engine/spec.h) and profiles by net/text_rules.c when they were
 * made; a dump checks for itself (tools/event_json.c).
 *
 * One thread at a time.
 */
#ifndef SP_NET_JSON_WRITE_H
#define SP_NET_JSON_WRITE_H

#include "engine/assert.h"
#include "engine/values.h"
#include "net/out.h"

typedef struct sp_json_writer sp_json_writer;

/* NULL if out of memory. */
sp_json_writer *sp_json_writer_create(void);
void sp_json_writer_destroy(sp_json_writer *writer);

/* Begins one JSON text behind what `out` holds. Nobody else writes to `out`
 * between two calls, but everyone may read it and its size. */
void sp_json_begin(sp_json_writer *writer, sp_out *out);
/* Asserts that exactly one whole text was written. */
void sp_json_end(const sp_json_writer *writer);

void sp_json_object(sp_json_writer *writer);
void sp_json_object_end(sp_json_writer *writer);
void sp_json_array(sp_json_writer *writer);
void sp_json_array_end(sp_json_writer *writer);

static inline void sp_json_key(sp_json_writer *writer, const char *key);

void sp_json_null(sp_json_writer *writer);
void sp_json_boolean(sp_json_writer *writer, bool value);
void sp_json_integer(sp_json_writer *writer, int64_t value);
/* An absent text is null. */
void sp_json_text(sp_json_writer *writer, sp_text text);
static inline void sp_json_string(sp_json_writer *writer, const char *string)
{
    sp_json_text(writer, (sp_text){string, (uint32_t)strlen(string)});
}
/* An id: a decimal string. */
void sp_json_id(sp_json_writer *writer, uint32_t id);
/* 64 bits as a string of 16 hexadecimal digits. */
void sp_json_hex(sp_json_writer *writer, uint64_t value);
/* RFC 3339; 0 is null. */
void sp_json_time(sp_json_writer *writer, sp_time_ms time);
/* For a value that is being written raw: the time (or null) at `at`, where
 * there is room for SP_JSON_TIME_SIZE bytes; returns the end. */
char *sp_json_put_time_at(sp_json_writer *writer, char *at, sp_time_ms time);
#define SP_JSON_TIME_SIZE 26u
/* The next value will be written by the caller, straight into the returned
 * buffer, at once: its nesting and escaping are the caller's. */
sp_out *sp_json_raw(sp_json_writer *writer);
/* Members that were spelled out at compile time, each with a comma before it:
 * `,"a":1,"b":"c"`. */
void sp_json_members(sp_json_writer *writer, sp_text members);

/* Key and value in one. */
static inline void sp_json_put_integer(sp_json_writer *writer, const char *key, int64_t value);
static inline void sp_json_put_string(sp_json_writer *writer, const char *key, const char *string);
static inline void sp_json_put_text(sp_json_writer *writer, const char *key, sp_text text);
static inline void sp_json_put_id(sp_json_writer *writer, const char *key, uint32_t id);
static inline void sp_json_put_time(sp_json_writer *writer, const char *key, sp_time_ms time);

/* The rest is what the above is made of: it stands here to be inlined. */

/* What may come next, and what goes before it. The odd ones are the even ones
 * behind a comma. */
typedef enum sp_json_next {
    SP_JSON_VALUE = 0,      /* the text's own, an array's first, a member's */
    SP_JSON_VALUE_MORE = 1, /* an array's next */
    SP_JSON_MEMBER = 2,
    SP_JSON_MEMBER_MORE = 3,
    SP_JSON_NOTHING = 4, /* the text is whole */
} sp_json_next;

/* Far deeper than any answer. */
#define SP_JSON_LEVELS_MAX 32u
/* The orders of a batch have one time, those of a concert one date: whole texts
 * of the times that were written last, by a hash of the time. */
#define SP_JSON_TIMES_COUNT 16u

typedef struct sp_json_time_text {
    sp_time_ms time; /* 0: none yet */
    char text[24];
} sp_json_time_text;

struct sp_json_writer {
    sp_out *out;
    sp_json_next next;
    sp_json_next after; /* what follows a value at this depth */
    uint32_t depth;
    uint32_t objects; /* a bit a level, the lowest the innermost: {} or [] */
    sp_json_time_text times[SP_JSON_TIMES_COUNT];
};

/* Without this the compiler may share a copy that does not know the key. */
#define SP_JSON_INLINE static inline __attribute__((always_inline))

SP_JSON_INLINE void sp_json_key(sp_json_writer *writer, const char *key)
{
    size_t size = strlen(key);
    SP_ASSERT_CMP(writer->next & ~1, ==, SP_JSON_MEMBER);
    /* The comma is written over if there is to be none. */
    size_t comma_size = writer->next & 1;
    char *at = sp_out_reserve(writer->out, size + 4);
    at[0] = ',';
    at[comma_size] = '"';
    memcpy(at + comma_size + 1, key, size);
    memcpy(at + comma_size + 1 + size, "\":", 2);
    writer->out->size += comma_size + size + 3;
    writer->next = SP_JSON_VALUE;
}

SP_JSON_INLINE void sp_json_put_integer(sp_json_writer *writer, const char *key, int64_t value)
{
    sp_json_key(writer, key);
    sp_json_integer(writer, value);
}

SP_JSON_INLINE void sp_json_put_string(sp_json_writer *writer, const char *key, const char *string)
{
    sp_json_key(writer, key);
    sp_json_string(writer, string);
}

SP_JSON_INLINE void sp_json_put_text(sp_json_writer *writer, const char *key, sp_text text)
{
    sp_json_key(writer, key);
    sp_json_text(writer, text);
}

SP_JSON_INLINE void sp_json_put_id(sp_json_writer *writer, const char *key, uint32_t id)
{
    sp_json_key(writer, key);
    sp_json_id(writer, id);
}

SP_JSON_INLINE void sp_json_put_time(sp_json_writer *writer, const char *key, sp_time_ms time)
{
    sp_json_key(writer, key);
    sp_json_time(writer, time);
}

#endif
