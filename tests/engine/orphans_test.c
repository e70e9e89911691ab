/* SPDX-License-Identifier: MIT
 *
 * The orphan rule, against the rule's own words: mark the seats as taken, look
 * which free ones are alone that were not, and whether the row had a place for
 * as many neighbours that leaves none alone.
 *
 * SP_HALLS: how many random halls. SP_SEED: the first one's seed.
 */
#include <errno.h>

#include "tests/engine/hall.h"

#include "engine/finder.h"

#define COUNT_MAX SP_SEATS_PER_ORDER_MAX

static struct {
    uint32_t refused, clean, allowed_though_stranding, over_several_rows;
} met;

/* Orphans that taking these leaves in the row. */
static uint32_t naive_stranded(const struct hall *hall, uint32_t row, const sp_seat *seats,
                               uint32_t count, sp_seat *out)
{
    uint32_t found = 0;
    bool *after = malloc(hall->card->seats_count);
    memcpy(after, hall->is_free, hall->card->seats_count);
    for (uint32_t i = 0; i < count; i++)
        after[seats[i]] = false;
    for (sp_seat seat = hall->card->row_first_seat[row]; seat < hall->card->row_first_seat[row + 1];
         seat++)
        if (hall_is_single(hall, after, seat) && !hall_is_single(hall, hall->is_free, seat))
            out[found++] = seat;
    free(after);
    return found;
}

/* Could `count` neighbours be had in the row, and nobody alone? */
static bool naive_has_better(const struct hall *hall, uint32_t row, uint32_t count)
{
    sp_seat end = hall->card->row_first_seat[row + 1], *left = malloc(sizeof *left * end);
    bool has_better = false;
    for (sp_seat first = hall->card->row_first_seat[row]; first + count <= end; first++) {
        sp_seat seats[COUNT_MAX];
        bool all_free = true;
        for (uint32_t i = 0; i < count; i++) {
            seats[i] = first + i;
            all_free = all_free && hall->is_free[first + i];
        }
        if (all_free && naive_stranded(hall, row, seats, count, left) == 0)
            has_better = true;
    }
    free(left);
    return has_better;
}

static uint32_t naive_orphans(const struct hall *hall, const sp_seat *seats, uint32_t count,
                              sp_seat *out)
{
    uint32_t found = 0, rows_touched = 0;
    for (uint32_t at = 0, taken; at < count; at += taken) {
        uint32_t row = hall->row_of[seats[at]];
        for (taken = 1; at + taken < count && hall->row_of[seats[at + taken]] == row;)
            taken++;
        uint32_t stranded = naive_stranded(hall, row, seats + at, taken, out + found);
        if (stranded > 0 && !naive_has_better(hall, row, taken)) {
            met.allowed_though_stranding++;
            stranded = 0;
        }
        rows_touched += stranded > 0;
        found += stranded;
    }
    met.over_several_rows += rows_touched > 1;
    return found;
}

static void check_orphans(const struct hall *hall, const sp_seat *seats, uint32_t count)
{
    sp_seat *expected = malloc(hall->card->seats_count * sizeof *expected);
    sp_seat out[SP_ORPHANS_MAX + 1];
    out[SP_ORPHANS_MAX] = UINT32_MAX - 7;
    uint32_t wanted = naive_orphans(hall, seats, count, expected);
    uint32_t found = sp_find_orphans(hall->card, hall->sold, hall->held, seats, count, out);
    if (found != wanted)
        fail_msg("%u seats from %u on strand %u, not %u\nrerun: %s", count, seats[0], found, wanted,
                 sp_rerun_line());
    for (uint32_t i = 0; i < found && i < SP_ORPHANS_MAX; i++)
        if (out[i] != expected[i])
            fail_msg("orphan %u is seat %u, not %u\nrerun: %s", i, out[i], expected[i],
                     sp_rerun_line());
    assert_int_equal(out[SP_ORPHANS_MAX], UINT32_MAX - 7);
    met.refused += found > 0;
    met.clean += found == 0;
    free(expected);
}

/* Free seats from a random one on: each next one, or with gaps of up to three
 * (two free ones apart is what strands), or anywhere. */
static uint32_t random_seats(const struct hall *hall, sp_random *random, sp_seat *seats)
{
    uint32_t count_max =
        1 + (uint32_t)sp_random_below(random, sp_random_once_in(random, 2) ? 8 : 100);
    uint64_t gap_max = sp_random_below(random, 4);
    uint32_t count = 0;
    sp_seat seat = (sp_seat)sp_random_below(random, hall->card->seats_count);
    for (; seat < hall->card->seats_count && count < count_max; seat++) {
        if (!hall->is_free[seat])
            continue;
        seats[count++] = seat;
        seat += (sp_seat)sp_random_below(random, gap_max + 1);
    }
    return count;
}

static void check_hall(struct hall *hall, sp_random *random)
{
    for (int i = 0; i < 12; i++) {
        sp_seat seats[COUNT_MAX];
        uint32_t count = random_seats(hall, random, seats);
        if (count > 0)
            check_orphans(hall, seats, count);
    }
}

static void the_rule_holds_in_random_halls(void **unused)
{
    (void)unused;
    memset(&met, 0, sizeof met);
    hall_for_each(30000, check_hall);
    print_message("refused %u, no orphan %u, %u rows allowed to leave one\n", met.refused,
                  met.clean, met.allowed_though_stranding);
    if (getenv("SP_HALLS") == NULL) {
        assert_true(met.refused > 1000 && met.clean > 1000);
        assert_true(met.allowed_though_stranding > 100 && met.over_several_rows > 100);
    }
}

/* `x` taken, `o` to be taken, `!` an orphan that must be named. */
static void check_row(const char *row)
{
    uint32_t size = (uint32_t)strlen(row), rows = 1, count = 0;
    char text[128];
    sp_seat seats[COUNT_MAX], out[SP_ORPHANS_MAX];
    struct hall hall = hall_make(&size, &rows, 1);
    for (sp_seat seat = 0; seat < size; seat++) {
        text[seat] = row[seat] == '!' ? '.' : row[seat];
        if (row[seat] == 'x')
            hall_take(&hall, seat, seat);
        if (row[seat] == 'o')
            seats[count++] = seat;
    }
    text[size] = '\0';
    uint32_t found = sp_find_orphans(hall.card, hall.sold, hall.held, seats, count, out);
    for (uint32_t i = 0; i < found; i++)
        text[out[i]] = '!';
    assert_string_equal(text, row);
    hall_close(&hall);
}

static void what_people_may_and_may_not_take(void **unused)
{
    (void)unused;
    check_row("oo......");
    check_row("!oo.....");
    check_row("!oo!");
    check_row("..oo!");
    check_row("xoo.x");      /* three left: nothing else is possible */
    check_row("x!o!x");      /* one of three can be had at an end */
    check_row("x!oox..x");   /* two neighbours can be had elsewhere in the row */
    check_row("xoo.x...x");  /* two of three strand one wherever they sit */
    check_row("xoo!x....x"); /* four are enough */
    check_row("x.xo!x.x");   /* one could be had alone, twice */
    check_row("x.xoxx");     /* who was alone before is no orphan */
    check_row("o!o!o...");   /* three could sit together */
    check_row("o.oox");      /* three of four can not */
    check_row("xoooox");
}

static void rows_are_judged_apart(void **unused)
{
    (void)unused;
    const uint32_t sizes[] = {4, 3, 4}, grades_rows[] = {2, 1};
    sp_seat out[SP_ORPHANS_MAX];
    struct hall hall = hall_make(sizes, grades_rows, 2);
    const sp_seat seats[] = {1, 2, 5, 6};
    /* Both ends of the first row, nothing of the second (two of three), of the
     * third two of four and so neither end. */
    assert_int_equal(sp_find_orphans(hall.card, hall.sold, hall.held, seats, 4, out), 2);
    assert_int_equal(out[0], 0);
    assert_int_equal(out[1], 3);
    assert_int_equal(sp_find_orphans(hall.card, hall.sold, hall.held, seats + 2, 2, out), 0);
    const sp_seat third[] = {4, 5, 8, 9};
    assert_int_equal(sp_find_orphans(hall.card, hall.sold, hall.held, third, 4, out), 2);
    assert_int_equal(out[0], 7);
    assert_int_equal(out[1], 10);
    hall_close(&hall);
}

static void more_orphans_than_can_be_named(void **unused)
{
    (void)unused;
    uint32_t sizes[COUNT_MAX], rows_count = COUNT_MAX;
    sp_seat seats[COUNT_MAX];
    for (uint32_t i = 0; i < COUNT_MAX; i++) {
        sizes[i] = 3;
        seats[i] = 3 * i + 1;
    }
    struct hall hall = hall_make(sizes, &rows_count, 1);
    check_orphans(&hall, seats, COUNT_MAX);
    sp_seat out[SP_ORPHANS_MAX];
    assert_int_equal(sp_find_orphans(hall.card, hall.sold, hall.held, seats, COUNT_MAX, out),
                     2 * COUNT_MAX);
    hall_close(&hall);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_may_and_may_not_take),
        cmocka_unit_test(rows_are_judged_apart),
        cmocka_unit_test(more_orphans_than_can_be_named),
        cmocka_unit_test(the_rule_holds_in_random_halls),
    };
    return cmocka_run_group_tests_name("orphans", tests, NULL, NULL);
}
