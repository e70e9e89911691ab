/* SPDX-License-Identifier: MIT
 *
 * msgpack in and out: against JSON (one random document in both makes one
 * tree), against msgpack-c, and against whatever a client may make up.
 */
#include "net/msgpack_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>
#include <msgpack.h>

#include "engine/utf8.h"
#include "net/msgpack_write.h"
#include "tests/net/msgpack_document.h"
#include "tests/support/json_tree.h"

#define DOCUMENTS_COUNT 3000u

static sp_json_reader *reader, *other;

/* In memory of its exact size, so that a look behind its end is found. */
static const sp_json_node *read_exactly(const void *bytes, size_t size, char **copy,
                                        const char **why)
{
    *why = NULL;
    *copy = malloc(size ? size : 1);
    assert_non_null(*copy);
    memcpy(*copy, bytes, size);
    const sp_json_node *root = sp_msgpack_read(reader, (sp_text){*copy, (uint32_t)size}, why);
    assert_true((root == NULL) == (*why != NULL));
    return root;
}

#define BYTES(literal) literal, sizeof(literal) - 1

static void reads_scalars(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        sp_json_type type;
        int64_t integer;
    } cases[] = {
        {BYTES("\xc0"), SP_JSON_NULL, 0},
        {BYTES("\xc2"), SP_JSON_BOOLEAN, 0},
        {BYTES("\xc3"), SP_JSON_BOOLEAN, 1},
        {BYTES("\x00"), SP_JSON_INTEGER, 0},
        {BYTES("\x7f"), SP_JSON_INTEGER, 127},
        {BYTES("\xe0"), SP_JSON_INTEGER, -32},
        {BYTES("\xff"), SP_JSON_INTEGER, -1},
        {BYTES("\xcc\x05"), SP_JSON_INTEGER, 5},
        {BYTES("\xcc\xff"), SP_JSON_INTEGER, 255},
        {BYTES("\xcd\x01\x02"), SP_JSON_INTEGER, 258},
        {BYTES("\xce\xff\xff\xff\xff"), SP_JSON_INTEGER, UINT32_MAX},
        {BYTES("\xcf\0\0\0\0\0\0\0\x07"), SP_JSON_INTEGER, 7},
        {BYTES("\xcf\x7f\xff\xff\xff\xff\xff\xff\xff"), SP_JSON_INTEGER, INT64_MAX},
        {BYTES("\xcf\x80\0\0\0\0\0\0\0"), SP_JSON_HUGE, 0},
        {BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff"), SP_JSON_HUGE, 0},
        {BYTES("\xd0\x05"), SP_JSON_INTEGER, 5},
        {BYTES("\xd0\x80"), SP_JSON_INTEGER, -128},
        {BYTES("\xd1\x80\x00"), SP_JSON_INTEGER, -32768},
        {BYTES("\xd2\xff\xff\xff\xff"), SP_JSON_INTEGER, -1},
        {BYTES("\xd2\x80\0\0\0"), SP_JSON_INTEGER, INT32_MIN},
        {BYTES("\xd3\x7f\xff\xff\xff\xff\xff\xff\xff"), SP_JSON_INTEGER, INT64_MAX},
        {BYTES("\xd3\x80\0\0\0\0\0\0\0"), SP_JSON_INTEGER, INT64_MIN},
        {BYTES("\xca\x40\0\0\0"), SP_JSON_OTHER_NUMBER, 0},
        {BYTES("\xcb\x40\0\0\0\0\0\0\0"), SP_JSON_OTHER_NUMBER, 0},
        {BYTES("\xcb\x7f\xf8\0\0\0\0\0\0"), SP_JSON_OTHER_NUMBER, 0},
        {BYTES("\xa0"), SP_JSON_STRING, 0},
        {BYTES("\xd9\x02\xc3\xa9"), SP_JSON_STRING, 0},
        {BYTES("\xdb\0\0\0\x01x"), SP_JSON_STRING, 0},
        {BYTES("\x90"), SP_JSON_ARRAY, 0},
        {BYTES("\xdd\0\0\0\0"), SP_JSON_ARRAY, 0},
        {BYTES("\x80"), SP_JSON_OBJECT, 0},
        {BYTES("\xde\0\0"), SP_JSON_OBJECT, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy;
        const char *why;
        const sp_json_node *root = read_exactly(cases[i].bytes, cases[i].size, &copy, &why);
        if (!root)
            fail_msg("case %zu: %s", i, why);
        assert_int_equal(root->type, cases[i].type);
        if (root->type == SP_JSON_INTEGER && root->integer != cases[i].integer)
            fail_msg("case %zu: %lld", i, (long long)root->integer);
        if (root->type == SP_JSON_BOOLEAN)
            assert_int_equal(root->boolean, cases[i].integer);
        free(copy);
    }
}

static void refuses_what_is_hostile(void **state)
{
#define CUT "the body ends in the middle of a value"
#define BEHIND "the body goes on behind its value"
#define BINARY "binary and extension values are not taken"
#define KEY "a key of the body is not a string"
#define UTF8 "a string of the body is not UTF-8"
#define DEEP "the body is nested too deeply"
    static const struct {
        const char *bytes;
        size_t size;
        const char *why;
    } cases[] = {
        {BYTES(""), "the body is empty"},
        {BYTES("\xc1"), "the body is not msgpack"},
        {BYTES("\x91\xc1"), "the body is not msgpack"},
        /* 2^32 - 1 of anything */
        {BYTES("\xdd\xff\xff\xff\xff"), CUT},
        {BYTES("\xdd\xff\xff\xff\xff\x01\x02\x03"), CUT},
        {BYTES("\xdf\xff\xff\xff\xff"), CUT},
        {BYTES("\xdf\xff\xff\xff\xff\xa1x\x01"), CUT},
        {BYTES("\xdf\x80\0\0\0\xa1x\x01"), CUT}, /* twice that is 2^32 */
        {BYTES("\xdb\xff\xff\xff\xff"), CUT},
        {BYTES("\xdb\xff\xff\xff\xffx"), CUT},
        {BYTES("\x81\xdb\xff\xff\xff\xffx"), CUT},
        {BYTES("\xdc\xff\xff"), CUT},
        {BYTES("\xde\xff\xff"), CUT},
        {BYTES("\xda\xff\xff"), CUT},
        /* one too many */
        {BYTES("\x92\x01"), CUT},
        {BYTES("\x82\xa1x\x01"), CUT},
        {BYTES("\x81\xa1x"), CUT},
        {BYTES("\x91\x92\x01"), CUT},
        {BYTES("\xa2x"), CUT},
        {BYTES("\xcf\0\0\0\0\0\0\0"), CUT},
        {BYTES("\xcb\0\0\0\0\0\0\0"), CUT},
        {BYTES("\xd9"), CUT},
        {BYTES("\x01\x01"), BEHIND},
        {BYTES("\x80\xc0"), BEHIND},
        {BYTES("\x91\x01\x01"), BEHIND},
        {BYTES("\xc0\n"), BEHIND},
        {BYTES("{\"a\":1}"), BEHIND},
        {BYTES("\xc4\x01x"), BINARY},
        {BYTES("\xc6\xff\xff\xff\xff"), BINARY},
        {BYTES("\x91\xc7\x01\x01x"), BINARY},
        {BYTES("\xc9\xff\xff\xff\xff\x01"), BINARY},
        {BYTES("\xd6\xff\0\0\0\0"), BINARY}, /* a timestamp */
        {BYTES("\xd8\x01"), BINARY},
        {BYTES("\x81\x01\x01"), KEY},
        {BYTES("\x81\xc0\x01"), KEY},
        {BYTES("\x81\xc4\x01x\x01"), KEY},
        {BYTES("\x81\x80\x01"), KEY},
        {BYTES("\x82\xa1x\x01\x01\x02"), KEY},
        {BYTES("\xa1\xff"), UTF8},
        {BYTES("\xa2\xc0\x80"), UTF8},
        {BYTES("\xa3\xed\xa0\x80"), UTF8},
        {BYTES("\xa4\xf4\x90\x80\x80"), UTF8},
        {BYTES("\xa1\xc3\xa9"), UTF8}, /* cut inside a character */
        {BYTES("\x81\xa1\xff\x01"), UTF8},
        {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x91\x01"), DEEP},
        {BYTES("\x91\x91\x91\x91\x91\x91\x91\x91\x90"), DEEP},
        {BYTES("\x81\xa0\x81\xa0\x81\xa0\x81\xa0\x81\xa0\x81\xa0\x81\xa0\x81\xa0\x80"), DEEP},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *copy;
        const char *why;
        if (read_exactly(cases[i].bytes, cases[i].size, &copy, &why))
            fail_msg("took case %zu", i);
        if (strcmp(why, cases[i].why) != 0)
            fail_msg("case %zu: wanted \"%s\", got \"%s\"", i, cases[i].why, why);
        free(copy);
    }
    char *copy;
    const char *why;
    assert_non_null(read_exactly(BYTES("\x91\x91\x91\x91\x91\x91\x91\x90"), &copy, &why));
    free(copy);
}

/* As deep as the largest body: refused where the limit is. */
static void depth_costs_nothing(void **state)
{
    const uint32_t size = 64 * 1024;
    char *bytes = malloc(size), *copy;
    const char *why;
    (void)state;
    assert_non_null(bytes);
    memset(bytes, '\x91', size);
    assert_null(read_exactly(bytes, size, &copy, &why));
    assert_string_equal(why, "the body is nested too deeply");
    assert_int_equal(sp_json_nodes_count(reader), SP_JSON_DEPTH_MAX);
    free(copy);
    free(bytes);
}

/* A count that there can not be is refused before anything is done about it. */
static void a_lie_costs_nothing(void **state)
{
    const uint32_t size = 64 * 1024;
    char *bytes = calloc(1, size), *copy;
    const char *why;
    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, "\xdd\0\0\xff\xfc", 5); /* one more than there are */
    assert_null(read_exactly(bytes, size, &copy, &why));
    assert_int_equal(sp_json_nodes_count(reader), 0);
    free(copy);
    free(bytes);
}

/* As many nodes as there can be. */
static void a_node_a_byte(void **state)
{
    const uint32_t size = 64 * 1024;
    char *bytes = calloc(1, size), *copy;
    const char *why;
    (void)state;
    assert_non_null(bytes);
    memcpy(bytes, "\xdc\xff\xfd", 3);
    const sp_json_node *root = read_exactly(bytes, size, &copy, &why);
    assert_non_null(root);
    assert_int_equal(root->count, size - 3);
    assert_int_equal(sp_json_nodes_count(reader), size - 2);
    free(copy);
    free(bytes);
}

/* Both keys are in the tree; decoders refuse them, as those of JSON. */
static void duplicate_keys_are_kept(void **state)
{
    char *copy;
    const char *why;
    (void)state;
    const sp_json_node *root = read_exactly(BYTES("\x82\xa1x\x01\xd9\x01x\x02"), &copy, &why);
    assert_non_null(root);
    assert_int_equal(root->count, 2);
    const sp_json_node *first = sp_json_node_at(reader, root->first);
    const sp_json_node *second = sp_json_node_at(reader, first->next);
    assert_true(sp_text_equal(first->key, SP_TEXT("x")));
    assert_true(sp_text_equal(second->key, SP_TEXT("x")));
    assert_int_equal(second->integer, 2);
    free(copy);
}

/* Does the interface take what msgpack-c has read? */
static bool is_taken(const msgpack_object *object, unsigned depth)
{
    bool nests = object->type == MSGPACK_OBJECT_ARRAY || object->type == MSGPACK_OBJECT_MAP;
    if (nests && depth == SP_JSON_DEPTH_MAX)
        return false;
    switch (object->type) {
    case MSGPACK_OBJECT_STR:
        return sp_utf8_valid((sp_text){object->via.str.ptr, object->via.str.size});
    case MSGPACK_OBJECT_BIN:
    case MSGPACK_OBJECT_EXT:
        return false;
    case MSGPACK_OBJECT_ARRAY:
        for (uint32_t i = 0; i < object->via.array.size; i++)
            if (!is_taken(&object->via.array.ptr[i], depth + 1))
                return false;
        return true;
    case MSGPACK_OBJECT_MAP:
        for (uint32_t i = 0; i < object->via.map.size; i++) {
            const msgpack_object_kv *member = &object->via.map.ptr[i];
            if (member->key.type != MSGPACK_OBJECT_STR || !is_taken(&member->key, depth + 1) ||
                !is_taken(&member->val, depth + 1))
                return false;
        }
        return true;
    default:
        return true;
    }
}

/* Must not be asked about bytes that state a great length: it would believe
 * them. */
static bool is_taken_by_oracle(const char *bytes, size_t size)
{
    msgpack_unpacked unpacked;
    size_t end = 0;
    msgpack_unpacked_init(&unpacked);
    bool taken = msgpack_unpack_next(&unpacked, bytes, size, &end) == MSGPACK_UNPACK_SUCCESS &&
                 end == size && is_taken(&unpacked.data, 0);
    msgpack_unpacked_destroy(&unpacked);
    return taken;
}

static void one_document_one_tree(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= DOCUMENTS_COUNT; seed++) {
        document d;
        char *copy;
        const char *why;
        make(&d, seed);
        const sp_json_node *root = read_exactly(d.packed.data, d.packed.size, &copy, &why);
        if (!root)
            fail_msg("seed %llu: %s", (unsigned long long)seed, why);
        const sp_json_node *json =
            sp_json_read(other, (sp_text){d.json.bytes, (uint32_t)d.json.size}, &why);
        assert_non_null(json);
        int64_t difference = sp_json_tree_difference(reader, root, other, json);
        if (difference >= 0)
            fail_msg("seed %llu: node %lld differs", (unsigned long long)seed,
                     (long long)difference);
        assert_true(is_taken_by_oracle(d.packed.data, d.packed.size));
        free(copy);
        drop(&d);
    }
}

/* Nothing of a value is a value, and it is no value with more behind it. */
static void every_truncation_is_refused(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= DOCUMENTS_COUNT / 10; seed++) {
        document d;
        char *copy;
        const char *why;
        make(&d, seed);
        for (size_t size = 0; size < d.packed.size && size < 2000; size++) {
            if (read_exactly(d.packed.data, size, &copy, &why))
                fail_msg("seed %llu cut to %zu was taken", (unsigned long long)seed, size);
            free(copy);
        }
        msgpack_pack_nil(&d.packer);
        assert_null(read_exactly(d.packed.data, d.packed.size, &copy, &why));
        free(copy);
        drop(&d);
    }
}

/* A byte changed anywhere: what is still taken msgpack-c takes too. */
static void changed_bytes_are_judged_alike(void **state)
{
    uint32_t taken_count = 0;
    (void)state;
    for (uint64_t seed = 1; seed <= DOCUMENTS_COUNT; seed++) {
        document d;
        char *copy;
        const char *why;
        make(&d, seed);
        for (unsigned i = 0; i < 20; i++) {
            char *byte = &d.packed.data[sp_random_below(&dice, d.packed.size)];
            char before = *byte;
            *byte = (char)sp_random_next(&dice);
            if (read_exactly(d.packed.data, d.packed.size, &copy, &why)) {
                taken_count++;
                if (!is_taken_by_oracle(d.packed.data, d.packed.size))
                    fail_msg("seed %llu, change %u", (unsigned long long)seed, i);
            }
            free(copy);
            *byte = before;
        }
        drop(&d);
    }
    assert_true(taken_count > DOCUMENTS_COUNT);
}

/* Taken if and only if msgpack-c takes it, but for what it is not to be. */
static void expect_as_oracle(const char *bytes, size_t size)
{
    char *copy;
    const char *why;
    bool taken = read_exactly(bytes, size, &copy, &why) != NULL;
    if (taken != is_taken_by_oracle(bytes, size))
        fail_msg("%02x %02x… of %zu bytes: %s", (unsigned char)bytes[0],
                 size > 1 ? (unsigned char)bytes[1] : 0, size, taken ? "taken" : why);
    free(copy);
}

static void short_bytes_are_judged_alike(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        char bytes[12] = {(char)first};
        expect_as_oracle(bytes, 1);
        for (unsigned second = 0; second < 256; second++) {
            bytes[1] = (char)second;
            expect_as_oracle(bytes, 2);
        }
    }
    sp_random_seed(&dice, 1);
    for (unsigned i = 0; i < 300000; i++) {
        char bytes[12];
        size_t size = 3 + sp_random_below(&dice, sizeof bytes - 2);
        sp_random_fill(&dice, bytes, sizeof bytes);
        bytes[0] = (char)(sp_random_once_in(&dice, 2) ? 0x81 + i % 3 : 0x91 + i % 6);
        for (size_t k = 1; k < size; k++) {
            /* No great lengths; and mostly small things, which fit. */
            if ((unsigned char)bytes[k] >= 0xc4 && (unsigned char)bytes[k] <= 0xdf)
                bytes[k] = (char)(bytes[k] & 1 ? 0xcc : 0xc0);
            if (sp_random_once_in(&dice, 2))
                bytes[k] = (char)(0xa0 + sp_random_below(&dice, 3));
        }
        expect_as_oracle(bytes, size);
    }
}

static void expect_packed_by_oracle(const document *d, const sp_out *out)
{
    msgpack_unpacked unpacked;
    msgpack_sbuffer again;
    msgpack_packer packer;
    msgpack_unpacked_init(&unpacked);
    msgpack_sbuffer_init(&again);
    msgpack_packer_init(&packer, &again, msgpack_sbuffer_write);
    assert_int_equal(msgpack_unpack_next(&unpacked, d->packed.data, d->packed.size, NULL),
                     MSGPACK_UNPACK_SUCCESS);
    msgpack_pack_object(&packer, unpacked.data);
    assert_int_equal(again.size, out->size);
    assert_memory_equal(again.data, out->bytes, out->size);
    msgpack_sbuffer_destroy(&again);
    msgpack_unpacked_destroy(&unpacked);
}

/* What is written is the tree again, in the bytes that msgpack-c makes of it. */
static void writes_what_it_read(void **state)
{
    uint32_t written_count = 0;
    sp_out out;
    (void)state;
    sp_out_init(&out);
    for (uint64_t seed = 1; seed <= DOCUMENTS_COUNT; seed++) {
        document d;
        char *copy;
        const char *why;
        make(&d, seed);
        if (d.is_plain) {
            const sp_json_node *json =
                sp_json_read(other, (sp_text){d.json.bytes, (uint32_t)d.json.size}, &why);
            assert_non_null(json);
            sp_out_clear(&out);
            sp_msgpack_write(other, &out);
            const sp_json_node *root = read_exactly(out.bytes, out.size, &copy, &why);
            assert_non_null(root);
            assert_int_equal(sp_json_tree_difference(reader, root, other, json), -1);
            free(copy);
            expect_packed_by_oracle(&d, &out);
            written_count++;
        }
        drop(&d);
    }
    sp_out_close(&out);
    assert_true(written_count > DOCUMENTS_COUNT / 4);
}

static int set_up(void **state)
{
    (void)state;
    reader = sp_json_reader_create();
    other = sp_json_reader_create();
    return reader && other ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    sp_json_reader_destroy(reader);
    sp_json_reader_destroy(other);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_scalars),
        cmocka_unit_test(refuses_what_is_hostile),
        cmocka_unit_test(depth_costs_nothing),
        cmocka_unit_test(a_lie_costs_nothing),
        cmocka_unit_test(a_node_a_byte),
        cmocka_unit_test(duplicate_keys_are_kept),
        cmocka_unit_test(one_document_one_tree),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(changed_bytes_are_judged_alike),
        cmocka_unit_test(short_bytes_are_judged_alike),
        cmocka_unit_test(writes_what_it_read),
    };
    return cmocka_run_group_tests_name("msgpack", tests, set_up, tear_down);
}
