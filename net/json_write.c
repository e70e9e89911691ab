/* SPDX-License-Identifier: MIT */
#include "net/json_write.h"

#include <stdlib.h>
#include <yajl/yajl_gen.h>

#include "engine/assert.h"
#include "net/json_arena.h"
#include "net/time_text.h"

struct sp_json_writer {
    sp_json_arena arena;
    yajl_gen generator;
    sp_out *out;
};

static void on_print(void *context, const char *bytes, size_t size)
{
    sp_json_writer *writer = context;
    sp_out_bytes(writer->out, bytes, size);
}

static void check(yajl_gen_status status)
{
    SP_ASSERT_CMP(status, ==, yajl_gen_status_ok);
}

sp_json_writer *sp_json_writer_create(void)
{
    sp_json_writer *writer = calloc(1, sizeof *writer);
    if (!writer)
        return NULL;
    yajl_alloc_funcs funcs = sp_json_arena_funcs(&writer->arena);
    writer->generator = yajl_gen_alloc(&funcs); /* copies them */
    SP_ASSERT(writer->generator);
    SP_ASSERT(yajl_gen_config(writer->generator, yajl_gen_print_callback, on_print, writer));
    return writer;
}

void sp_json_writer_destroy(sp_json_writer *writer)
{
    if (!writer)
        return;
    yajl_gen_free(writer->generator);
    free(writer);
}

void sp_json_begin(sp_json_writer *writer, sp_out *out)
{
    writer->out = out;
    yajl_gen_reset(writer->generator, NULL);
}

void sp_json_object(sp_json_writer *writer)
{
    check(yajl_gen_map_open(writer->generator));
}
void sp_json_object_end(sp_json_writer *writer)
{
    check(yajl_gen_map_close(writer->generator));
}
void sp_json_array(sp_json_writer *writer)
{
    check(yajl_gen_array_open(writer->generator));
}
void sp_json_array_end(sp_json_writer *writer)
{
    check(yajl_gen_array_close(writer->generator));
}
void sp_json_null(sp_json_writer *writer)
{
    check(yajl_gen_null(writer->generator));
}

void sp_json_key(sp_json_writer *writer, const char *key)
{
    sp_json_string(writer, key);
}

void sp_json_boolean(sp_json_writer *writer, bool value)
{
    check(yajl_gen_bool(writer->generator, value));
}

void sp_json_integer(sp_json_writer *writer, int64_t value)
{
    check(yajl_gen_integer(writer->generator, value));
}

void sp_json_string(sp_json_writer *writer, const char *string)
{
    check(yajl_gen_string(writer->generator, (const unsigned char *)string, strlen(string)));
}

void sp_json_text(sp_json_writer *writer, sp_text text)
{
    if (!text.bytes)
        sp_json_null(writer);
    else
        check(yajl_gen_string(writer->generator, (const unsigned char *)text.bytes, text.size));
}

void sp_json_id(sp_json_writer *writer, uint32_t id)
{
    unsigned char digits[10];
    size_t at = sizeof digits;
    do {
        digits[--at] = (unsigned char)('0' + id % 10);
        id /= 10;
    } while (id > 0);
    check(yajl_gen_string(writer->generator, digits + at, sizeof digits - at));
}

void sp_json_time(sp_json_writer *writer, sp_time_ms time)
{
    char text[SP_TIME_TEXT_SIZE];
    if (time == 0) {
        sp_json_null(writer);
        return;
    }
    sp_time_print(time, text);
    check(yajl_gen_string(writer->generator, (const unsigned char *)text, sizeof text));
}

sp_out *sp_json_raw(sp_json_writer *writer)
{
    /* A number of no digits: the generator writes what belongs before a value
     * and goes on to the state after it. */
    check(yajl_gen_number(writer->generator, "", 0));
    return writer->out;
}

void sp_json_put_integer(sp_json_writer *writer, const char *key, int64_t value)
{
    sp_json_key(writer, key);
    sp_json_integer(writer, value);
}

void sp_json_put_string(sp_json_writer *writer, const char *key, const char *string)
{
    sp_json_key(writer, key);
    sp_json_string(writer, string);
}

void sp_json_put_text(sp_json_writer *writer, const char *key, sp_text text)
{
    sp_json_key(writer, key);
    sp_json_text(writer, text);
}

void sp_json_put_id(sp_json_writer *writer, const char *key, uint32_t id)
{
    sp_json_key(writer, key);
    sp_json_id(writer, id);
}

void sp_json_put_time(sp_json_writer *writer, const char *key, sp_time_ms time)
{
    sp_json_key(writer, key);
    sp_json_time(writer, time);
}
