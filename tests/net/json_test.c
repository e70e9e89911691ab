/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "net/json_read.h"
#include "net/json_write.h"

static sp_json_reader *reader;
static sp_json_writer *writer;

/* In memory of its exact size, so that a look behind its end is found. */
static const sp_json_node *read_exactly(const char *bytes, size_t size, char **copy)
{
    const char *why = NULL;
    *copy = malloc(size ? size : 1);
    assert_non_null(*copy);
    memcpy(*copy, bytes, size);
    const sp_json_node *root = sp_json_read(reader, (sp_text){*copy, (uint32_t)size}, &why);
    assert_true((root == NULL) == (why != NULL));
    return root;
}

static void refuses_what_is_not_json(void **state)
{
    static const char *const cases[] = {
        "",
        " ",
        "{",
        "}",
        "[1",
        "[1,]",
        "[,1]",
        "{\"a\":1,}",
        "{\"a\"}",
        "{a:1}",
        "{'a':1}",
        "{\"a\":1} x",
        "{} {}",
        "1 2",
        "nul",
        "True",
        "NaN",
        "Infinity",
        "-",
        "+1",
        ".5",
        "1.",
        "1e",
        "01",
        "-01",
        "0x1",
        "\"a",
        "\"\t\"",
        "\"\n\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "// c\n1",
        "/* c */1",
        "[1,/**/2]",
        "\xef\xbb\xbf{}",
        "\v1",
        "1\f",
        "[1\v,2]",
        /* what yajl alone would take */
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\udc00\\ud800\"",
        "\"\\ud800x\"",
        "\"\\ud800\\n\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud83d\\ud83d\\ude00\"",
        "{\"\\ud800\":1}",
        "\"\xc0\x80\"",
        "\"\xed\xa0\x80\"",
        "\"\xf4\x90\x80\x80\"",
        "\"\xf7\xbf\xbf\xbf\"",
        "\"\x80\"",
        "\"\xe2\x82\"",
        "\xff",
        /* nine deep */
        "[[[[[[[[[1]]]]]]]]]",
        "{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}",
    };
    char *copy;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (read_exactly(cases[i], strlen(cases[i]), &copy))
            fail_msg("took case %zu: %s", i, cases[i]);
        free(copy);
    }
    assert_null(read_exactly("1\0", 2, &copy));
    free(copy);
}

static void reads_scalars(void **state)
{
    static const struct {
        const char *text;
        sp_json_type type;
        int64_t integer;
    } cases[] = {
        {"null", SP_JSON_NULL, 0},
        {" 0 ", SP_JSON_INTEGER, 0},
        {"12", SP_JSON_INTEGER, 12},
        {"-7", SP_JSON_INTEGER, -7},
        {"9223372036854775807", SP_JSON_INTEGER, INT64_MAX},
        {"-9223372036854775808", SP_JSON_INTEGER, INT64_MIN},
        {"9223372036854775808", SP_JSON_HUGE, 0},
        {"-9223372036854775809", SP_JSON_HUGE, 0},
        {"18446744073709551617", SP_JSON_HUGE, 0},
        {"123456789012345678901234567890", SP_JSON_HUGE, 0},
        {"1.0", SP_JSON_OTHER_NUMBER, 0},
        {"1e2", SP_JSON_OTHER_NUMBER, 0},
        {"0E0", SP_JSON_OTHER_NUMBER, 0},
        {"-0", SP_JSON_OTHER_NUMBER, 0},
        {"99999999999999999999.5", SP_JSON_OTHER_NUMBER, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy;
        const sp_json_node *root = read_exactly(cases[i].text, strlen(cases[i].text), &copy);
        if (!root)
            fail_msg("refused %s", cases[i].text);
        assert_int_equal(root->type, cases[i].type);
        if (root->type == SP_JSON_INTEGER)
            assert_int_equal(root->integer, cases[i].integer);
        free(copy);
    }
    char *copy;
    assert_true(read_exactly("true", 4, &copy)->boolean);
    free(copy);
}

static void decodes_strings(void **state)
{
    static const struct {
        const char *text, *wanted;
        size_t size;
    } cases[] = {
        {"\"\"", "", 0},
        {"\"plain\"", "plain", 5},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t", 8},
        {"\"\\u0000x\"", "\0x", 2},
        {"\"\\u00e9\\u20AC\"", "\xc3\xa9\xe2\x82\xac", 5},
        {"\"\\ud83d\\ude00!\"", "\xf0\x9f\x98\x80!", 5},
        {"\"\\\\ud800\"", "\\ud800", 6},
        {"\"\xf0\x9f\x98\x80\"", "\xf0\x9f\x98\x80", 4},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy;
        const sp_json_node *root = read_exactly(cases[i].text, strlen(cases[i].text), &copy);
        if (!root)
            fail_msg("refused %s", cases[i].text);
        assert_int_equal(root->type, SP_JSON_STRING);
        assert_int_equal(root->text.size, cases[i].size);
        assert_memory_equal(root->text.bytes, cases[i].wanted, cases[i].size);
        free(copy);
    }
}

static void links_nodes(void **state)
{
    static const char text[] = "{\"a\":[1,[2],{}],\"\\u0062\":{\"c\":\"x\"},\"a\":null}";
    char *copy;
    (void)state;
    const sp_json_node *root = read_exactly(text, sizeof text - 1, &copy);
    assert_non_null(root);
    assert_int_equal(root->type, SP_JSON_OBJECT);
    assert_int_equal(root->count, 3);
    const sp_json_node *a = sp_json_node_at(reader, root->first);
    assert_true(sp_text_equal(a->key, SP_TEXT("a")));
    assert_int_equal(a->count, 3);
    const sp_json_node *one = sp_json_node_at(reader, a->first);
    assert_null(one->key.bytes);
    assert_int_equal(one->integer, 1);
    const sp_json_node *inner = sp_json_node_at(reader, one->next);
    assert_int_equal(inner->type, SP_JSON_ARRAY);
    assert_int_equal(sp_json_node_at(reader, inner->first)->integer, 2);
    const sp_json_node *empty = sp_json_node_at(reader, inner->next);
    assert_int_equal(empty->type, SP_JSON_OBJECT);
    assert_int_equal(empty->count, 0);
    assert_null(sp_json_node_at(reader, empty->first));
    assert_null(sp_json_node_at(reader, empty->next));
    const sp_json_node *b = sp_json_node_at(reader, a->next);
    assert_true(sp_text_equal(b->key, SP_TEXT("b")));
    assert_true(sp_text_equal(sp_json_node_at(reader, b->first)->text, SP_TEXT("x")));
    const sp_json_node *again = sp_json_node_at(reader, b->next);
    assert_true(sp_text_equal(again->key, SP_TEXT("a")));
    assert_int_equal(again->type, SP_JSON_NULL);
    assert_null(sp_json_node_at(reader, again->next));
    free(copy);
}

/* The largest body, as many nodes as it can hold, and one long escaped text:
 * the arena's way out to malloc, and the bound of the node array. */
static void takes_large_texts(void **state)
{
    const uint32_t size = 64 * 1024;
    char *text = malloc(size);
    const char *why;
    (void)state;
    assert_non_null(text);
    for (uint32_t i = 0; i < size; i++)
        text[i] = i % 2 ? '1' : ',';
    text[0] = '[';
    text[size - 2] = '1';
    text[size - 1] = ']';
    text[size - 3] = ' ';
    text[size - 4] = ',';
    const sp_json_node *root = sp_json_read(reader, (sp_text){text, size}, &why);
    assert_non_null(root);
    assert_int_equal(root->count, size / 2 - 1);
    assert_int_equal(sp_json_nodes_count(reader), size / 2);
    memset(text, 'n', size);
    for (uint32_t i = 1; i + 2 < size; i += 2)
        text[i] = '\\';
    text[0] = text[size - 1] = '"';
    root = sp_json_read(reader, (sp_text){text, size - 1 + 1}, &why);
    assert_non_null(root);
    assert_int_equal(root->text.size, size / 2 - 1);
    free(text);
}

static void writes_json(void **state)
{
    sp_out out;
    (void)state;
    sp_out_init(&out);
    for (int round = 0; round < 2; round++) {
        sp_out_clear(&out);
        sp_json_begin(writer, &out);
        sp_json_object(writer);
        sp_json_put_integer(writer, "i", INT64_MIN);
        sp_json_put_id(writer, "id", UINT32_MAX);
        sp_json_put_text(writer, "none", (sp_text){NULL, 0});
        sp_json_put_text(writer, "t", SP_TEXT("\"\\\n\x01 \xe2\x82\xac"));
        sp_json_put_time(writer, "at", INT64_C(1767323045678));
        sp_json_put_time(writer, "never", 0);
        sp_json_key(writer, "raw");
        sp_out_string(sp_json_raw(writer), "\"...\"");
        sp_json_key(writer, "list");
        sp_json_array(writer);
        sp_json_boolean(writer, true);
        sp_json_integer(writer, 0);
        sp_json_array_end(writer);
        sp_json_object_end(writer);
        sp_out_bytes(&out, "", 1);
        assert_string_equal(out.bytes,
                            "{\"i\":-9223372036854775808,\"id\":\"4294967295\",\"none\":null,"
                            "\"t\":\"\\\"\\\\\\n\\u0001 \xe2\x82\xac\","
                            "\"at\":\"2026-01-02T03:04:05.678Z\",\"never\":null,"
                            "\"raw\":\"...\",\"list\":[true,0]}");
    }
    sp_out_close(&out);
}

static int set_up(void **state)
{
    (void)state;
    reader = sp_json_reader_create();
    writer = sp_json_writer_create();
    return reader && writer ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_json_reader_destroy(reader);
    sp_json_writer_destroy(writer);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_is_not_json), cmocka_unit_test(reads_scalars),
        cmocka_unit_test(decodes_strings),          cmocka_unit_test(links_nodes),
        cmocka_unit_test(takes_large_texts),        cmocka_unit_test(writes_json),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
