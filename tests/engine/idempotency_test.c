/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/idempotency.h"
#include "engine/memory.h"

struct memory {
    sp_keys keys;
    uint32_t keys_max;
    uint64_t newest[3]; /* of users 0 … 2 */
};

static struct memory memory_make(uint32_t keys_max)
{
    struct memory made = {.keys_max = keys_max};
    made.keys.ring = sp_memory_reserve(sp_keys_bytes(keys_max));
    assert_non_null(made.keys.ring);
    made.keys.prints = sp_memory_reserve(3 * sizeof(sp_key_prints));
    assert_non_null(made.keys.prints);
    sp_keys_init(&made.keys, keys_max);
    return made;
}

static void memory_close(struct memory *memory)
{
    sp_memory_release(memory->keys.ring, sp_keys_bytes(memory->keys_max));
    sp_memory_release(memory->keys.prints, 3 * sizeof(sp_key_prints));
}

static sp_hash128 hash_of(uint32_t number)
{
    sp_hash128 hash = {{0}};
    memcpy(hash.bytes, &number, sizeof(number));
    return hash;
}

static void push(struct memory *memory, int user, uint32_t key, sp_time_ms time)
{
    sp_key_record record = {.key = hash_of(key), .time = time, .seq = key};
    sp_keys_push(&memory->keys, (sp_user_id)user, &memory->newest[user], &record);
}

static bool finds(const struct memory *memory, int user, uint32_t key, sp_time_ms now)
{
    sp_hash128 hash = hash_of(key);
    const sp_key_record *record =
        sp_keys_find(&memory->keys, (sp_user_id)user, memory->newest[user], &hash, now);
    if (record)
        assert_int_equal(record->seq, key);
    return record != NULL;
}

static void a_key_is_its_users(void **unused)
{
    (void)unused;
    struct memory memory = memory_make(8);

    push(&memory, 0, 1, 10);
    push(&memory, 1, 2, 10);
    push(&memory, 0, 3, 11);
    assert_true(finds(&memory, 0, 1, 11));
    assert_true(finds(&memory, 0, 3, 11));
    assert_false(finds(&memory, 0, 2, 11));
    assert_true(finds(&memory, 1, 2, 11));
    assert_false(finds(&memory, 2, 1, 11));
    memory_close(&memory);
}

static void a_key_lives_a_day_to_the_millisecond(void **unused)
{
    (void)unused;
    struct memory memory = memory_make(8);

    push(&memory, 0, 1, 10);
    assert_true(finds(&memory, 0, 1, 10 + SP_IDEMPOTENCY_TTL_MS - 1));
    assert_false(finds(&memory, 0, 1, 10 + SP_IDEMPOTENCY_TTL_MS));
    memory_close(&memory);
}

static void the_65th_key_hides_the_first(void **unused)
{
    (void)unused;
    struct memory memory = memory_make(256);

    for (uint32_t key = 1; key <= SP_IDEMPOTENCY_KEYS_PER_USER; key++) {
        push(&memory, 0, key, 10);
        push(&memory, 1, 1000 + key, 10);
    }
    assert_true(finds(&memory, 0, 1, 10));
    push(&memory, 0, 65, 10);
    assert_false(finds(&memory, 0, 1, 10));
    assert_true(finds(&memory, 0, 2, 10));
    assert_true(finds(&memory, 1, 1001, 10));
    memory_close(&memory);
}

static void a_full_ring_takes_no_more_until_its_oldest_expires(void **unused)
{
    (void)unused;
    struct memory memory = memory_make(5); /* rounded up to 8 */
    const sp_time_ms later = 20 + SP_IDEMPOTENCY_TTL_MS;

    for (uint32_t key = 1; key <= 8; key++) {
        assert_false(sp_keys_full(&memory.keys, 20));
        push(&memory, key % 2, key, key <= 3 ? 10 : 20);
    }
    assert_true(sp_keys_full(&memory.keys, 20));
    assert_true(sp_keys_full(&memory.keys, 10 + SP_IDEMPOTENCY_TTL_MS - 1));
    assert_false(sp_keys_full(&memory.keys, 10 + SP_IDEMPOTENCY_TTL_MS));

    push(&memory, 0, 9, 10 + SP_IDEMPOTENCY_TTL_MS); /* forgets the first three */
    assert_int_equal(memory.keys.next - memory.keys.tail, 6);
    assert_true(finds(&memory, 0, 4, later - 1));
    assert_true(finds(&memory, 0, 9, later - 1));
    assert_true(finds(&memory, 1, 5, later - 1));

    push(&memory, 2, 10, later + SP_IDEMPOTENCY_TTL_MS); /* forgets all */
    assert_int_equal(memory.keys.next - memory.keys.tail, 1);
    assert_false(finds(&memory, 0, 9, later));
    assert_true(finds(&memory, 2, 10, later + SP_IDEMPOTENCY_TTL_MS));
    memory_close(&memory);
}

/* A user who was away while the ring went round more than once. */
static void an_old_link_is_not_followed_into_new_records(void **unused)
{
    (void)unused;
    struct memory memory = memory_make(4);
    sp_time_ms time = 10;

    push(&memory, 0, 1, time);
    for (uint32_t key = 2; key < 12; key++)
        push(&memory, 1, key, time += SP_IDEMPOTENCY_TTL_MS);
    assert_false(finds(&memory, 0, 1, time));
    push(&memory, 0, 1, time);
    assert_true(finds(&memory, 0, 1, time));
    assert_false(finds(&memory, 0, 10, time));
    memory_close(&memory);
}

/* Prints are two bytes of a key: keys that share one, and a row that has gone
 * round many times, must still be told apart. */
static void equal_prints_are_told_apart(void **unused)
{
    (void)unused;
    struct memory memory = memory_make(1024);

    for (uint32_t i = 1; i <= 300; i++) {
        push(&memory, 1, i << 16 | 7, 10); /* all have the print 7 */
        push(&memory, 2, i, 10);
        for (uint32_t back = 0; back < 80 && back < i; back++) {
            bool kept = back < SP_IDEMPOTENCY_KEYS_PER_USER;
            assert_int_equal(finds(&memory, 1, (i - back) << 16 | 7, 20), kept);
            assert_int_equal(finds(&memory, 2, i - back, 20), kept);
        }
        assert_false(finds(&memory, 1, 0xffff0007, 20));
        assert_false(finds(&memory, 2, 0xffff0000 | i, 20));
    }
    memory_close(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_its_users),
        cmocka_unit_test(a_key_lives_a_day_to_the_millisecond),
        cmocka_unit_test(the_65th_key_hides_the_first),
        cmocka_unit_test(a_full_ring_takes_no_more_until_its_oldest_expires),
        cmocka_unit_test(an_old_link_is_not_followed_into_new_records),
        cmocka_unit_test(equal_prints_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
