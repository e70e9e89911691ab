/* SPDX-License-Identifier: MIT */
#include "net/json_write.h"

#include <stdlib.h>

#include "net/digits.h"
#include "net/json_escape.h"
#include "net/time_text.h"

_Static_assert(sizeof((sp_json_time_text){0}.text) == SP_TIME_TEXT_SIZE, "whole times are kept");
_Static_assert(SP_JSON_TIME_SIZE == SP_TIME_TEXT_SIZE + 2, "and two quotes");

sp_json_writer *sp_json_writer_create(void)
{
    return calloc(1, sizeof(sp_json_writer));
}

void sp_json_writer_destroy(sp_json_writer *writer)
{
    free(writer);
}

void sp_json_begin(sp_json_writer *writer, sp_out *out)
{
    writer->out = out;
    writer->next = SP_JSON_VALUE;
    writer->after = SP_JSON_NOTHING;
    writer->depth = 0;
    writer->objects = 0;
}

void sp_json_end(const sp_json_writer *writer)
{
    SP_ASSERT_CMP(writer->next, ==, SP_JSON_NOTHING);
}

/* Every value begins here, with room for its bytes, and ends with end_value. */
static inline char *begin_value(const sp_json_writer *writer, size_t size_max)
{
    SP_ASSERT_CMP(writer->next, <=, SP_JSON_VALUE_MORE);
    char *at = sp_out_reserve(writer->out, size_max + 1);
    *at = ','; /* written over if there is to be none */
    return at + writer->next;
}

static inline void end_value(sp_json_writer *writer, const char *end)
{
    sp_out_end(writer->out, end);
    writer->next = writer->after;
}

static void open_level(sp_json_writer *writer, char bracket, bool object)
{
    char *at = begin_value(writer, 1);
    SP_ASSERT_CMP(writer->depth, <, SP_JSON_LEVELS_MAX);
    *at = bracket;
    sp_out_end(writer->out, at + 1);
    writer->depth++;
    writer->objects = writer->objects << 1 | object;
    writer->next = object ? SP_JSON_MEMBER : SP_JSON_VALUE;
    writer->after = object ? SP_JSON_MEMBER_MORE : SP_JSON_VALUE_MORE;
}

static void close_level(sp_json_writer *writer, char bracket)
{
    *sp_out_reserve(writer->out, 1) = bracket;
    writer->out->size++;
    writer->depth--;
    writer->objects >>= 1;
    if (writer->depth == 0)
        writer->after = SP_JSON_NOTHING;
    else
        writer->after = writer->objects & 1 ? SP_JSON_MEMBER_MORE : SP_JSON_VALUE_MORE;
    writer->next = writer->after;
}

void sp_json_object(sp_json_writer *writer)
{
    open_level(writer, '{', true);
}

void sp_json_object_end(sp_json_writer *writer)
{
    SP_ASSERT_CMP(writer->next & ~1, ==, SP_JSON_MEMBER); /* not between key and value */
    close_level(writer, '}');
}

void sp_json_array(sp_json_writer *writer)
{
    open_level(writer, '[', false);
}

void sp_json_array_end(sp_json_writer *writer)
{
    SP_ASSERT_CMP(writer->after, ==, SP_JSON_VALUE_MORE);
    close_level(writer, ']');
}

static void put_word(sp_json_writer *writer, const char *word, size_t size)
{
    char *at = begin_value(writer, size);
    memcpy(at, word, size);
    end_value(writer, at + size);
}

void sp_json_null(sp_json_writer *writer)
{
    put_word(writer, "null", 4);
}

void sp_json_boolean(sp_json_writer *writer, bool value)
{
    put_word(writer, value ? "true" : "false", value ? 4 : 5);
}

void sp_json_integer(sp_json_writer *writer, int64_t value)
{
    char *at = begin_value(writer, SP_DIGITS_SIZE_MAX);
    end_value(writer, sp_digits_put_signed(at, value));
}

void sp_json_text(sp_json_writer *writer, sp_text text)
{
    if (!text.bytes) {
        sp_json_null(writer);
        return;
    }
    char *at = begin_value(writer, SP_JSON_ESCAPE_ROOM(text.size) + 2);
    *at++ = '"';
    at = sp_json_escape(at, text);
    *at++ = '"';
    end_value(writer, at);
}

void sp_json_id(sp_json_writer *writer, uint32_t id)
{
    char *at = begin_value(writer, SP_DIGITS_SIZE_MAX + 2);
    *at++ = '"';
    at = sp_digits_put(at, id);
    *at++ = '"';
    end_value(writer, at);
}

void sp_json_hex(sp_json_writer *writer, uint64_t value)
{
    char *at = begin_value(writer, 18);
    *at++ = '"';
    at = sp_digits_put_hex(at, value);
    *at++ = '"';
    end_value(writer, at);
}

char *sp_json_put_time_at(sp_json_writer *writer, char *at, sp_time_ms time)
{
    if (time == 0)
        return sp_text_put(at, SP_TEXT("null"));
    /* Fibonacci hashing: times a day or a millisecond apart part ways. */
    size_t slot = (uint64_t)time * UINT64_C(0x9e3779b97f4a7c15) >> 60;
    _Static_assert(SP_JSON_TIMES_COUNT == 16, "the upper four bits");
    sp_json_time_text *kept = &writer->times[slot];
    if (kept->time != time) {
        sp_time_print(time, kept->text);
        kept->time = time;
    }
    *at++ = '"';
    memcpy(at, kept->text, sizeof kept->text);
    at += sizeof kept->text;
    *at++ = '"';
    return at;
}

void sp_json_time(sp_json_writer *writer, sp_time_ms time)
{
    char *at = begin_value(writer, SP_JSON_TIME_SIZE);
    end_value(writer, sp_json_put_time_at(writer, at, time));
}

sp_out *sp_json_raw(sp_json_writer *writer)
{
    end_value(writer, begin_value(writer, 0));
    return writer->out;
}

void sp_json_members(sp_json_writer *writer, sp_text members)
{
    SP_ASSERT_CMP(writer->next & ~1, ==, SP_JSON_MEMBER);
    size_t skipped = SP_JSON_MEMBER_MORE - writer->next;
    sp_out_bytes(writer->out, members.bytes + skipped, members.size - skipped);
    writer->next = SP_JSON_MEMBER_MORE;
}
