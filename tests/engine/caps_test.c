/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "engine/caps.h"
#include "engine/memory.h"

static sp_caps caps_make(uint32_t entries_max)
{
    sp_caps caps = {
        .lines = sp_memory_reserve(sp_caps_lines_bytes(entries_max)),
        .spill = sp_memory_reserve(sp_caps_spill_bytes(entries_max)),
    };
    assert_non_null(caps.lines);
    assert_non_null(caps.spill);
    sp_caps_init(&caps, entries_max);
    return caps;
}

static void caps_close(sp_caps *caps, uint32_t entries_max)
{
    sp_memory_release(caps->lines, sp_caps_lines_bytes(entries_max));
    sp_memory_release(caps->spill, sp_caps_spill_bytes(entries_max));
}

static void counts_add_up_and_vanish(void **unused)
{
    (void)unused;
    sp_caps caps = caps_make(10);

    assert_int_equal(sp_caps_count(&caps, 1, 1), 0);
    sp_caps_add(&caps, 1, 1, 3);
    sp_caps_add(&caps, 1, 2, 1);
    sp_caps_add(&caps, 2, 1, SP_CAPS_COUNT_MAX);
    sp_caps_add(&caps, UINT32_MAX, SP_CAPS_CONCERT_MAX, 5);
    sp_caps_add(&caps, 1, 1, 4);
    assert_int_equal(sp_caps_count(&caps, 1, 1), 7);
    assert_int_equal(sp_caps_count(&caps, 1, 2), 1);
    assert_int_equal(sp_caps_count(&caps, 2, 1), SP_CAPS_COUNT_MAX);
    assert_int_equal(sp_caps_count(&caps, 2, 2), 0);
    assert_int_equal(sp_caps_count(&caps, UINT32_MAX, SP_CAPS_CONCERT_MAX), 5);
    assert_int_equal(caps.entries_count, 4);
    sp_caps_subtract(&caps, 1, 1, 2);
    assert_int_equal(sp_caps_count(&caps, 1, 1), 5);
    sp_caps_subtract(&caps, 1, 1, 5);
    assert_int_equal(sp_caps_count(&caps, 1, 1), 0);
    assert_int_equal(caps.entries_count, 3);
    caps_close(&caps, 10);
}

#define USERS 300u
#define CONCERTS 40u

/* Against a plain array, through growth, spill and emptying, always full to
 * the limit that was reserved for. Seeded; a failure shows the step. */
static void agrees_with_an_array(void **unused)
{
    (void)unused;
    enum { ENTRIES_MAX = USERS * CONCERTS };
    static uint16_t counts[USERS][CONCERTS];
    sp_caps caps = caps_make(ENTRIES_MAX);
    uint64_t random = 88172645463325252u, entries = 0;
    uint32_t spill_high = 0;

    for (uint32_t step = 0; step < 400000; step++) {
        random ^= random << 13, random ^= random >> 7, random ^= random << 17;
        uint32_t user = (uint32_t)(random >> 8) % USERS;
        uint32_t concert = (uint32_t)(random >> 40) % CONCERTS;
        uint16_t *count = &counts[user][concert];
        /* Fill for a while, empty for a while. */
        bool add = (random & 7) < ((step / 50000) % 2 ? 2 : 6);
        if (add && *count < 900) {
            entries += *count == 0;
            *count += 5;
            sp_caps_add(&caps, user + 1, concert + 1, 5);
        } else if (!add && *count > 0) {
            uint16_t back = random & 8 ? *count : 1;
            *count -= back;
            entries -= *count == 0;
            sp_caps_subtract(&caps, user + 1, concert + 1, back);
        }
        if (sp_caps_count(&caps, user + 1, concert + 1) != *count || caps.entries_count != entries)
            fail_msg("step %u: count %u, want %u", step,
                     sp_caps_count(&caps, user + 1, concert + 1), *count);
        if (caps.spill_count > spill_high)
            spill_high = caps.spill_count;
    }
    for (uint32_t user = 0; user < USERS; user++)
        for (uint32_t concert = 0; concert < CONCERTS; concert++)
            assert_int_equal(sp_caps_count(&caps, user + 1, concert + 1), counts[user][concert]);
    assert_true(caps.lines_count > 500); /* it did grow */
    assert_true(spill_high > 0);         /* and spill */
    caps_close(&caps, ENTRIES_MAX);
}

/* Full to the last entry reserved for, emptied, and full again: spill lines
 * must come back. */
static void every_entry_reserved_for_fits(void **unused)
{
    (void)unused;
    enum { ENTRIES_MAX = 5000 };
    sp_caps caps = caps_make(ENTRIES_MAX);

    for (int round = 0; round < 3; round++) {
        for (uint32_t i = 1; i <= ENTRIES_MAX; i++)
            sp_caps_add(&caps, i, 1, 1);
        assert_int_equal(caps.entries_count, ENTRIES_MAX);
        for (uint32_t i = 1; i <= ENTRIES_MAX; i++) {
            assert_int_equal(sp_caps_count(&caps, i, 1), 1);
            sp_caps_subtract(&caps, i, 1, 1);
        }
        assert_int_equal(caps.entries_count, 0);
    }
    for (uint32_t line = 0; line < caps.lines_count; line++) {
        assert_int_equal(caps.lines[line].next, 0);
        assert_int_equal(caps.lines[line].users[0], 0);
        assert_int_equal(caps.lines[line].entries_count, 0);
    }
    caps_close(&caps, ENTRIES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_add_up_and_vanish),
        cmocka_unit_test(agrees_with_an_array),
        cmocka_unit_test(every_entry_reserved_for_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
