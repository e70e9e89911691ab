/* SPDX-License-Identifier: MIT
 *
 * The writer against yajl: what it writes must parse, and must be, byte for
 * byte, what yajl's generator makes of the same values.
 */
#include "net/json_write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <yajl/yajl_gen.h>
#include <yajl/yajl_parse.h>

#include "net/json_escape.h"
#include "net/time_text.h"
#include "tests/support/random.h"

static sp_json_writer *writer;
static sp_out out;
static yajl_gen generator;

/* yajl reads what we wrote and generates it again. */
static int on_null(void *gen)
{
    return yajl_gen_null(gen) == yajl_gen_status_ok;
}
static int on_boolean(void *gen, int value)
{
    return yajl_gen_bool(gen, value) == yajl_gen_status_ok;
}
static int on_integer(void *gen, long long value)
{
    return yajl_gen_integer(gen, value) == yajl_gen_status_ok;
}
static int on_string(void *gen, const unsigned char *bytes, size_t size)
{
    return yajl_gen_string(gen, bytes, size) == yajl_gen_status_ok;
}
static int on_map(void *gen)
{
    return yajl_gen_map_open(gen) == yajl_gen_status_ok;
}
static int on_map_end(void *gen)
{
    return yajl_gen_map_close(gen) == yajl_gen_status_ok;
}
static int on_array(void *gen)
{
    return yajl_gen_array_open(gen) == yajl_gen_status_ok;
}
static int on_array_end(void *gen)
{
    return yajl_gen_array_close(gen) == yajl_gen_status_ok;
}

static const yajl_callbacks callbacks = {
    .yajl_null = on_null,
    .yajl_boolean = on_boolean,
    .yajl_integer = on_integer,
    .yajl_string = on_string,
    .yajl_map_key = on_string,
    .yajl_start_map = on_map,
    .yajl_end_map = on_map_end,
    .yajl_start_array = on_array,
    .yajl_end_array = on_array_end,
};

static void check_generated(const char *bytes, size_t size)
{
    const unsigned char *again;
    size_t again_size;
    assert_int_equal(yajl_gen_get_buf(generator, &again, &again_size), yajl_gen_status_ok);
    if (again_size != size || memcmp(bytes, again, size) != 0)
        fail_msg("wrote %.*s\nyajl  %.*s", (int)size, bytes, (int)again_size, again);
    yajl_gen_clear(generator);
    yajl_gen_reset(generator, NULL);
}

static void check_read_back(void)
{
    yajl_handle parser = yajl_alloc(&callbacks, NULL, generator);
    assert_non_null(parser);
    yajl_status status = yajl_parse(parser, (const unsigned char *)out.bytes, out.size);
    if (status == yajl_status_ok)
        status = yajl_complete_parse(parser);
    if (status != yajl_status_ok)
        fail_msg("does not parse: %.*s", (int)out.size, out.bytes);
    yajl_free(parser);
    check_generated(out.bytes, out.size);
}

/* Between exactly the room that is asked for, and exactly the text: the
 * sanitizer sees a byte read or written beyond either. */
static void check_text(const char *bytes, uint32_t size)
{
    char *room = malloc(SP_JSON_ESCAPE_ROOM(size)), *text = malloc(size ? size : 1);
    assert_non_null(room);
    assert_non_null(text);
    memcpy(text, bytes, size);
    const char *end = sp_json_escape(room, (sp_text){text, size});
    sp_out_clear(&out);
    sp_json_begin(writer, &out);
    sp_json_text(writer, (sp_text){text, size});
    sp_json_end(writer);
    assert_int_equal(out.size, end - room + 2);
    assert_memory_equal(out.bytes + 1, room, out.size - 2);
    yajl_gen_string(generator, (const unsigned char *)text, size);
    check_generated(out.bytes, out.size);
    check_read_back();
    free(text);
    free(room);
}

/* Each ASCII character at each place of texts of 1 to 25 bytes: alone, and
 * with another special one at the end. */
static void every_character_everywhere(void **state)
{
    char text[25];
    (void)state;
    check_text("", 0);
    for (uint32_t size = 1; size <= sizeof text; size++)
        for (uint32_t at = 0; at < size; at++)
            for (int c = 0; c < 128; c++) {
                if (c >= '#' && c < '\\' && c % 7 != 0)
                    continue; /* letters: some of them will do */
                memset(text, 'a', sizeof text);
                text[at] = (char)c;
                check_text(text, size);
                text[size - 1] = '"';
                check_text(text, size);
            }
}

static uint32_t put_character(sp_random *random, char *at)
{
    static const char *const characters[] = {
        "a",
        "\"",
        "\\",
        "\x01",
        "\x1f",
        "\n",
        "\x7f",
        "\xc2\x80",
        "\xc3\xa9",
        "\xea\xb0\x80",
        "\xed\x9f\xbf",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\xe2\x80\xa8",
        "/",
        " ",
        "!",
        "#",
        "]",
    };
    const char *c = characters[sp_random_below(random, sizeof characters / sizeof *characters)];
    if (sp_random_once_in(random, 2))
        c = "b"; /* runs without a special one, too */
    memcpy(at, c, strlen(c));
    return (uint32_t)strlen(c);
}

static void random_texts(void **state)
{
    sp_random random;
    char text[64];
    (void)state;
    sp_random_seed(&random, 1);
    for (int i = 0; i < 20000; i++) {
        uint32_t size = 0, size_max = (uint32_t)sp_random_below(&random, sizeof text - 4);
        while (size < size_max)
            size += put_character(&random, text + size);
        check_text(text, size);
    }
}

/* A random value, written twice: by us and by yajl's generator. */
static void put_value(sp_random *random, uint32_t depth)
{
    char text[64];
    uint64_t kind = sp_random_below(random, depth < 6 ? 8 : 6);
    int64_t number = (int64_t)sp_random_next(random) >> sp_random_below(random, 64);
    switch (kind) {
    case 0:
        sp_json_null(writer);
        yajl_gen_null(generator);
        break;
    case 1:
        sp_json_boolean(writer, number & 1);
        yajl_gen_bool(generator, number & 1);
        break;
    case 2:
        sp_json_integer(writer, number);
        yajl_gen_integer(generator, number);
        break;
    case 3:
        sp_json_id(writer, (uint32_t)number);
        snprintf(text, sizeof text, "%u", (uint32_t)number);
        yajl_gen_string(generator, (const unsigned char *)text, strlen(text));
        break;
    case 4:
        sp_json_hex(writer, (uint64_t)number);
        snprintf(text, sizeof text, "%016llx", (unsigned long long)number);
        yajl_gen_string(generator, (const unsigned char *)text, strlen(text));
        break;
    case 5:
        sp_json_string(writer, "a \"string\"");
        yajl_gen_string(generator, (const unsigned char *)"a \"string\"", 10);
        break;
    case 6:
        sp_json_array(writer);
        yajl_gen_array_open(generator);
        for (uint64_t left = sp_random_below(random, 5); left > 0; left--)
            put_value(random, depth + 1);
        sp_json_array_end(writer);
        yajl_gen_array_close(generator);
        break;
    default:
        sp_json_object(writer);
        yajl_gen_map_open(generator);
        for (uint64_t left = sp_random_below(random, 5); left > 0; left--) {
            snprintf(text, sizeof text, "key%u", (unsigned)left);
            sp_json_key(writer, text);
            yajl_gen_string(generator, (const unsigned char *)text, strlen(text));
            put_value(random, depth + 1);
        }
        sp_json_object_end(writer);
        yajl_gen_map_close(generator);
    }
}

static void random_trees(void **state)
{
    sp_random random;
    (void)state;
    sp_random_seed(&random, 3);
    for (int i = 0; i < 5000; i++) {
        sp_out_clear(&out);
        sp_json_begin(writer, &out);
        put_value(&random, 0);
        sp_json_end(writer);
        check_generated(out.bytes, out.size);
        check_read_back();
    }
}

/* Times are kept by a hash: the same, others in the same place, again. */
static void times(void **state)
{
    sp_random random;
    sp_time_ms kept[100];
    (void)state;
    sp_random_seed(&random, 4);
    for (size_t i = 0; i < 100; i++)
        kept[i] = 1 + (sp_time_ms)sp_random_below(&random, UINT64_C(253402300799999));
    for (int i = 0; i < 10000; i++) {
        char wanted[SP_TIME_TEXT_SIZE];
        sp_time_ms time = kept[sp_random_below(&random, i % 2 ? 100 : 5)];
        sp_time_print(time, wanted);
        sp_out_clear(&out);
        sp_json_begin(writer, &out);
        sp_json_time(writer, time);
        sp_json_end(writer);
        assert_int_equal(out.size, sizeof wanted + 2);
        assert_memory_equal(out.bytes + 1, wanted, sizeof wanted);
    }
}

static void members_spelled_out(void **state)
{
    (void)state;
    sp_out_clear(&out);
    sp_json_begin(writer, &out);
    sp_json_object(writer);
    sp_json_members(writer, SP_TEXT(",\"a\":1,\"b\":[]"));
    sp_json_members(writer, SP_TEXT(",\"c\":null"));
    sp_json_put_text(writer, "d", (sp_text){"", 0});
    sp_json_key(writer, "e");
    sp_json_array(writer);
    sp_out_string(sp_json_raw(writer), "7");
    sp_out_string(sp_json_raw(writer), "8");
    sp_json_array_end(writer);
    sp_json_object_end(writer);
    sp_json_end(writer);
    sp_out_bytes(&out, "", 1);
    assert_string_equal(out.bytes, "{\"a\":1,\"b\":[],\"c\":null,\"d\":\"\",\"e\":[7,8]}");
}

static int set_up(void **state)
{
    (void)state;
    sp_out_init(&out);
    writer = sp_json_writer_create();
    generator = yajl_gen_alloc(NULL);
    return writer && generator ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_json_writer_destroy(writer);
    yajl_gen_free(generator);
    sp_out_close(&out);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_everywhere),
        cmocka_unit_test(random_texts),
        cmocka_unit_test(random_trees),
        cmocka_unit_test(times),
        cmocka_unit_test(members_spelled_out),
    };
    return cmocka_run_group_tests_name("json_write", tests, set_up, tear_down);
}
