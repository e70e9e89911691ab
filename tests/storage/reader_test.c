/* SPDX-License-Identifier: MIT
 *
 * The strict reader against msgpack-c as its oracle: on bytes of every kind
 * the two agree on what is there, and the reader takes exactly the forms that
 * msgpack-c's packer writes.
 */
#include "storage/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <msgpack.h>

#include "tests/support/random.h"

#define ROUNDS 300000
#define SIZE_MAX_TRIED 80

static msgpack_sbuffer packed;
static msgpack_packer packer;

static int set_up(void **state)
{
    (void)state;
    msgpack_sbuffer_init(&packed);
    msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    msgpack_sbuffer_destroy(&packed);
    return 0;
}

/* Random bytes that begin like a value more often than not. */
static size_t make(sp_random *random, uint8_t *bytes)
{
    static const uint8_t firsts[] = {0x00, 0x7f, 0xc0, 0xc2, 0xc3, 0xc4, 0xc5, 0xcc, 0xcd, 0xce,
                                     0xcf, 0xd0, 0xd9, 0xda, 0xdb, 0xdc, 0xdd, 0x90, 0xa0, 0xa5};
    size_t size = sp_random_below(random, SIZE_MAX_TRIED);
    sp_random_fill(random, bytes, (uint32_t)size);
    if (size > 0 && !sp_random_once_in(random, 4))
        bytes[0] = firsts[sp_random_below(random, sizeof firsts)];
    /* Small numbers behind it make short lengths and longer forms than needed. */
    for (size_t i = 1; i < size && i < 9 && !sp_random_once_in(random, 3); i++)
        bytes[i] = sp_random_once_in(random, 2) ? 0 : (uint8_t)sp_random_below(random, 70);
    return size;
}

/* Are these the first bytes, as the packer writes it? */
static bool is_form(const uint8_t *bytes, size_t size)
{
    return packed.size <= size && memcmp(packed.data, bytes, packed.size) == 0;
}

/* What msgpack-c sees at the front; false if nothing whole. */
static bool look(const uint8_t *bytes, size_t size, msgpack_object *out, msgpack_unpacked *memory)
{
    size_t offset = 0;
    /* An array's or a map's items are beside the point (and its stated length
     * is what msgpack-c would allocate for). */
    if (size == 0 || (bytes[0] & 0xf0) == 0x90 || (bytes[0] & 0xf0) == 0x80 ||
        (bytes[0] >= 0xdc && bytes[0] <= 0xdf))
        return false;
    if (msgpack_unpack_next(memory, (const char *)bytes, size, &offset) <
        MSGPACK_UNPACK_EXTRA_BYTES)
        return false;
    *out = memory->data;
    return true;
}

static void check_uint(const uint8_t *bytes, size_t size, bool seen, msgpack_object object)
{
    sp_reader in;
    sp_reader_init(&in, bytes, size);
    uint64_t number = sp_reader_uint(&in, 0, UINT64_MAX);
    bool expected = seen && object.type == MSGPACK_OBJECT_POSITIVE_INTEGER;
    if (expected) {
        msgpack_sbuffer_clear(&packed);
        msgpack_pack_uint64(&packer, object.via.u64);
        expected = is_form(bytes, size);
    }
    assert_int_equal(in.wrong == NULL, expected);
    if (expected) {
        assert_int_equal(number, object.via.u64);
        assert_int_equal(in.at - bytes, packed.size);
    }
}

static void check_text(const uint8_t *bytes, size_t size, bool seen, msgpack_object object)
{
    sp_reader in;
    sp_reader_init(&in, bytes, size);
    sp_text text = sp_reader_text(&in, 1000);
    bool expected = seen && object.type == MSGPACK_OBJECT_STR;
    if (expected) {
        msgpack_sbuffer_clear(&packed);
        msgpack_pack_str_with_body(&packer, object.via.str.ptr, object.via.str.size);
        expected = is_form(bytes, size);
    }
    assert_int_equal(in.wrong == NULL, expected);
    assert_int_equal(text.bytes != NULL, expected);
    if (expected) {
        assert_int_equal(text.size, object.via.str.size);
        assert_int_equal((const uint8_t *)text.bytes + text.size - bytes, packed.size);
        sp_reader_init(&in, bytes, size);
        if (text.size > 0)
            assert_null(sp_reader_text(&in, text.size - 1).bytes);
    }
}

static void check_bin(const uint8_t *bytes, size_t size, bool seen, msgpack_object object)
{
    uint8_t out[SIZE_MAX_TRIED];
    uint32_t wanted = seen && object.type == MSGPACK_OBJECT_BIN ? object.via.bin.size : 16;
    sp_reader in;
    sp_reader_init(&in, bytes, size);
    sp_reader_bin(&in, out, wanted);
    bool expected = seen && object.type == MSGPACK_OBJECT_BIN && bytes[0] == 0xc4;
    assert_int_equal(in.wrong == NULL, expected);
    if (expected)
        assert_memory_equal(out, object.via.bin.ptr, wanted);
}

static void check_array(const uint8_t *bytes, size_t size)
{
    sp_reader in;
    sp_reader_init(&in, bytes, size);
    uint32_t count = sp_reader_array(&in, 0, UINT32_MAX);
    if (in.wrong != NULL)
        return;
    msgpack_sbuffer_clear(&packed);
    msgpack_pack_array(&packer, count);
    assert_true(is_form(bytes, size));
    assert_int_equal(in.at - bytes, packed.size);
}

static void agrees_with_msgpack(void **state)
{
    sp_random random;
    uint32_t whole = 0;
    (void)state;
    sp_random_seed(&random, 41);
    for (int i = 0; i < ROUNDS; i++) {
        uint8_t bytes[SIZE_MAX_TRIED];
        msgpack_object object = {0};
        msgpack_unpacked memory;
        msgpack_unpacked_init(&memory);
        size_t size = make(&random, bytes);
        bool seen = look(bytes, size, &object, &memory);
        whole += seen;
        check_uint(bytes, size, seen, object);
        check_text(bytes, size, seen, object);
        check_bin(bytes, size, seen, object);
        check_array(bytes, size);
        sp_reader in;
        sp_reader_init(&in, bytes, size);
        assert_int_equal(sp_reader_nil(&in), seen && object.type == MSGPACK_OBJECT_NIL);
        sp_reader_init(&in, bytes, size);
        bool value = sp_reader_bool(&in);
        assert_int_equal(in.wrong == NULL, seen && object.type == MSGPACK_OBJECT_BOOLEAN);
        if (in.wrong == NULL)
            assert_int_equal(value, object.via.boolean);
        msgpack_unpacked_destroy(&memory);
    }
    assert_true(whole > ROUNDS / 10);
}

static void takes_what_the_packer_writes(void **state)
{
    sp_random random;
    (void)state;
    sp_random_seed(&random, 42);
    for (int i = 0; i < ROUNDS / 10; i++) {
        uint64_t number = (uint64_t)sp_random_edge(&random, 0, INT64_MAX);
        uint32_t count = (uint32_t)sp_random_edge(&random, 0, UINT32_MAX);
        sp_reader in;
        msgpack_sbuffer_clear(&packed);
        msgpack_pack_uint64(&packer, number);
        msgpack_pack_array(&packer, count);
        msgpack_pack_true(&packer);
        sp_reader_init(&in, packed.data, packed.size);
        assert_int_equal(sp_reader_uint(&in, number, number), number);
        assert_int_equal(sp_reader_array(&in, count, count), count);
        assert_true(sp_reader_bool(&in));
        assert_null(sp_reader_end(&in));
    }
}

static void the_first_mismatch_stays(void **state)
{
    static const uint8_t bytes[] = {0x05, 0xa1, 'x', 0xc3};
    uint8_t out[4] = {1, 2, 3, 4};
    sp_reader in;
    (void)state;
    sp_reader_init(&in, bytes, sizeof bytes);
    assert_int_equal(sp_reader_uint(&in, 6, 9), 0);
    const char *wrong = in.wrong;
    assert_non_null(wrong);
    assert_null(sp_reader_text(&in, 10).bytes);
    assert_false(sp_reader_bool(&in));
    assert_false(sp_reader_nil(&in));
    assert_int_equal(sp_reader_array(&in, 0, 5), 0);
    sp_reader_bin(&in, out, 4);
    assert_int_equal(out[0] | out[1] | out[2] | out[3], 0);
    assert_ptr_equal(sp_reader_end(&in), wrong);
}

static void what_is_left_over_is_wrong(void **state)
{
    static const uint8_t bytes[] = {0x05, 0x06};
    sp_reader in;
    (void)state;
    sp_reader_init(&in, bytes, sizeof bytes);
    assert_int_equal(sp_reader_uint(&in, 0, 9), 5);
    assert_non_null(sp_reader_end(&in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_msgpack),
        cmocka_unit_test(takes_what_the_packer_writes),
        cmocka_unit_test(the_first_mismatch_stays),
        cmocka_unit_test(what_is_left_over_is_wrong),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
