/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/memory.h"
#include "engine/user_caps.h"

static sp_caps table_make(uint32_t entries_max)
{
    sp_caps table = {
        .lines = sp_memory_reserve(sp_caps_lines_bytes(entries_max)),
        .spill = sp_memory_reserve(sp_caps_spill_bytes(entries_max)),
    };
    assert_non_null(table.lines);
    assert_non_null(table.spill);
    sp_caps_init(&table, entries_max);
    return table;
}

static void table_close(sp_caps *table, uint32_t entries_max)
{
    sp_memory_release(table->lines, sp_caps_lines_bytes(entries_max));
    sp_memory_release(table->spill, sp_caps_spill_bytes(entries_max));
}

static void eight_concerts_leave_the_table_alone(void **unused)
{
    (void)unused;
    sp_caps table = table_make(100);
    sp_user_caps caps = {{0}};

    for (sp_concert_id concert = 1; concert <= SP_USER_CAPS_PLACES; concert++)
        sp_user_caps_add(&caps, &table, 7, concert * 1000, concert);
    for (sp_concert_id concert = 1; concert <= SP_USER_CAPS_PLACES; concert++)
        assert_int_equal(sp_user_caps_count(&caps, &table, 7, concert * 1000), concert);
    assert_int_equal(sp_user_caps_count(&caps, &table, 7, 1), 0);
    assert_int_equal(table.entries_count, 0);

    sp_user_caps_add(&caps, &table, 7, 9000, 9);
    assert_int_equal(sp_user_caps_count(&caps, &table, 7, 9000), 9);
    assert_int_equal(table.entries_count, 1);
    /* A place comes free: the ninth stays where it is, the tenth takes it. */
    sp_user_caps_subtract(&caps, &table, 7, 3000, 3);
    assert_int_equal(sp_user_caps_count(&caps, &table, 7, 3000), 0);
    sp_user_caps_add(&caps, &table, 7, 9000, 1);
    assert_int_equal(sp_user_caps_count(&caps, &table, 7, 9000), 10);
    assert_int_equal(table.entries_count, 1);
    sp_user_caps_add(&caps, &table, 7, 10000, 1);
    assert_int_equal(sp_user_caps_count(&caps, &table, 7, 10000), 1);
    assert_int_equal(table.entries_count, 1);
    sp_user_caps_subtract(&caps, &table, 7, 9000, 10);
    assert_int_equal(table.entries_count, 0);
    table_close(&table, 100);
}

static void the_largest_ids_and_counts_fit(void **unused)
{
    (void)unused;
    sp_caps table = table_make(100);
    sp_user_caps caps = {{0}};

    for (uint32_t i = 0; i < 12; i++)
        sp_user_caps_add(&caps, &table, UINT32_MAX, SP_CAPS_CONCERT_MAX - i, SP_CAPS_COUNT_MAX);
    for (uint32_t i = 0; i < 12; i++)
        assert_int_equal(sp_user_caps_count(&caps, &table, UINT32_MAX, SP_CAPS_CONCERT_MAX - i),
                         SP_CAPS_COUNT_MAX);
    assert_int_equal(table.entries_count, 12 - SP_USER_CAPS_PLACES);
    table_close(&table, 100);
}

#define USERS 50u
#define CONCERTS 24u

/* Against a plain array: few concerts, so that users go over their places and
 * back again and again. Seeded; a failure shows the step. */
static void agrees_with_an_array(void **unused)
{
    (void)unused;
    enum { ENTRIES_MAX = USERS * CONCERTS };
    static uint16_t counts[USERS][CONCERTS];
    static sp_user_caps caps[USERS];
    sp_caps table = table_make(ENTRIES_MAX);
    uint64_t random = 88172645463325252u, table_high = 0;

    for (uint32_t step = 0; step < 400000; step++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        uint32_t user = (uint32_t)(random >> 8) % USERS;
        uint32_t concert = (uint32_t)(random >> 40) % CONCERTS;
        uint16_t *count = &counts[user][concert];
        /* Fill for a while, empty for a while. */
        bool add = (random & 7) < ((step / 2000) % 2 ? 2 : 6);
        if (add && *count < 900) {
            *count += 5;
            sp_user_caps_add(&caps[user], &table, user + 1, concert + 1, 5);
        } else if (!add && *count > 0) {
            uint16_t back = random & 8 ? *count : 1;
            *count -= back;
            sp_user_caps_subtract(&caps[user], &table, user + 1, concert + 1, back);
        }
        for (uint32_t i = 0; i < CONCERTS; i++)
            if (sp_user_caps_count(&caps[user], &table, user + 1, i + 1) != counts[user][i])
                fail_msg("step %u: count %u, want %u", step,
                         sp_user_caps_count(&caps[user], &table, user + 1, i + 1), counts[user][i]);
        if (table.entries_count > table_high)
            table_high = table.entries_count;
    }
    assert_true(table_high > USERS); /* they did go over their places */
    table_close(&table, ENTRIES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eight_concerts_leave_the_table_alone),
        cmocka_unit_test(the_largest_ids_and_counts_fit),
        cmocka_unit_test(agrees_with_an_array),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
