/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/bitmap.h"

static void groups_end_at_words(void **unused)
{
    (void)unused;
    const sp_seat seats[] = {0, 62, 63, 64, 127, 300};

    sp_seat_group group = sp_seat_group_of(seats, 6);
    assert_int_equal(group.word, 0);
    assert_int_equal(group.seats_count, 3);
    assert_int_equal(group.mask, UINT64_C(0xc000000000000001));
    group = sp_seat_group_of(seats + 3, 3);
    assert_int_equal(group.word, 1);
    assert_int_equal(group.seats_count, 2);
    assert_int_equal(group.mask, UINT64_C(0x8000000000000001));
    group = sp_seat_group_of(seats + 5, 1);
    assert_int_equal(group.word, 4);
    assert_int_equal(group.seats_count, 1);
}

static void set_and_clear_touch_only_their_bits(void **unused)
{
    (void)unused;
    uint64_t words[3] = {2, ~UINT64_C(0) << 1, 0};
    const sp_seat seats[] = {0, 63, 64, 191};

    sp_bitmap_set(words, seats, 4);
    assert_int_equal(words[0], UINT64_C(0x8000000000000003));
    assert_int_equal(words[1], ~UINT64_C(0));
    assert_int_equal(words[2], UINT64_C(1) << 63);
    sp_bitmap_clear(words, seats, 4);
    assert_int_equal(words[0], 2);
    assert_int_equal(words[1], ~UINT64_C(0) << 1);
    assert_int_equal(words[2], 0);
}

static void any_looks_at_both_maps(void **unused)
{
    (void)unused;
    uint64_t sold[2] = {0, 1}, held[2] = {UINT64_C(1) << 63, 0};

    assert_true(sp_bitmap_any(sold, held, (const sp_seat[]){62, 63}, 2));
    assert_true(sp_bitmap_any(sold, held, (const sp_seat[]){62, 64}, 2));
    assert_false(sp_bitmap_any(sold, held, (const sp_seat[]){0, 62, 65, 127}, 4));
}

/* Against counting bit by bit, for every range of three words. */
static void counts_agree_with_bits(void **unused)
{
    (void)unused;
    const uint64_t sold[3] = {UINT64_C(0x8000000000000001), UINT64_C(0x123456789abcdef0),
                              ~UINT64_C(0)};
    const uint64_t held[3] = {UINT64_C(0x00ff00000000ff02), 0, 0};

    for (sp_seat first = 0; first < 192; first++) {
        uint32_t bits = 0, either = 0;
        for (uint32_t count = 0; first + count <= 192; count++) {
            assert_int_equal(sp_bitmap_count(sold, first, count), bits);
            assert_int_equal(sp_bitmap_count_either(sold, held, first, count), either);
            if (first + count < 192) {
                bits += sp_bitmap_has(sold, first + count);
                either += sp_bitmap_has(sold, first + count) || sp_bitmap_has(held, first + count);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_end_at_words),
        cmocka_unit_test(set_and_clear_touch_only_their_bits),
        cmocka_unit_test(any_looks_at_both_maps),
        cmocka_unit_test(counts_agree_with_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
