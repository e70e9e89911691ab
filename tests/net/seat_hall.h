/* SPDX-License-Identifier: MIT
 *
 * A hall whose seats are taken, held and freed by a real engine, published at once,
 * with the true map of every seq: what tests of the live seat map hold events against.
 * For one test program: all of it is static.
 */
#ifndef SP_TESTS_NET_SEAT_HALL_H
#define SP_TESTS_NET_SEAT_HALL_H

#include <stdio.h>
#include <stdlib.h>

#include "engine/views.h"
#include "tests/engine/stage.h"
#include "tests/support/random.h"

#define HALL_CONCERT 2u /* and a smaller one, 1, of the stage */
#define HALL_SEQS_MAX 3000u

struct hall {
    struct stage stage;
    sp_views *views;
    uint32_t seats_count;
    char *maps[HALL_SEQS_MAX]; /* of HALL_CONCERT, by seq; as in the map's `status` */
    sp_order_id orders_count;
    sp_hold_id holds_count;
};

static inline void hall_remember(struct hall *hall)
{
    const uint64_t *sold = sp_state_sold_words(hall->stage.state, HALL_CONCERT);
    const uint64_t *held = sp_state_held_words(hall->stage.state, HALL_CONCERT);
    sp_seq seq = sp_state_seq(hall->stage.state);
    assert_in_range(seq, 0, HALL_SEQS_MAX - 1);
    char *map = calloc(1, hall->seats_count + 1);
    for (sp_seat seat = 0; seat < hall->seats_count; seat++)
        map[seat] = sold[seat / 64] >> seat % 64 & 1   ? 'x'
                    : held[seat / 64] >> seat % 64 & 1 ? 'h'
                                                       : '.';
    hall->maps[seq] = map;
}

static inline struct hall hall_make(uint32_t seats_count)
{
    sp_limits limits = stage_limits;
    limits.seats_max = 100000;
    limits.text_bytes_max = 1 << 20;
    limits.orders_max = limits.order_seats_max = HALL_SEQS_MAX;
    limits.holds_max = HALL_SEQS_MAX;
    struct hall hall = {.stage = stage_make_with(&limits), .seats_count = seats_count};
    const sp_grade_spec grade = {{"A", 1}, 0, &seats_count, 1};
    sp_concert_spec spec = stage_spec();
    spec.max_seats_per_user = 1000;
    spec.grades = &grade;
    spec.grades_count = 1;
    assert_int_equal(stage_concert(&hall.stage, HOST, &spec), SP_OK);
    hall.views = sp_views_create(&limits, NULL);
    assert_non_null(hall.views);
    sp_views_publish_all(hall.views, hall.stage.state);
    hall_remember(&hall);
    return hall;
}

static inline void hall_close(struct hall *hall)
{
    for (uint32_t i = 0; i < HALL_SEQS_MAX; i++)
        free(hall->maps[i]);
    sp_views_destroy(hall->views);
    stage_close(&hall->stage);
}

static inline sp_seq hall_seq(const struct hall *hall)
{
    return sp_views_concert_seq(hall->views, HALL_CONCERT);
}

static inline bool hall_give(struct hall *hall, const sp_command *command)
{
    if (stage_give(&hall->stage, command) != SP_OK)
        return false;
    sp_views_publish_event(hall->views, hall->stage.state, &hall->stage.event);
    sp_views_publish_changes(hall->views, hall->stage.state, &hall->stage.changes);
    hall_remember(hall);
    return true;
}

static inline bool hall_try_take(struct hall *hall, const sp_seat *seats, size_t count)
{
    sp_command command =
        stage_order_command(hall->orders_count % 2 ? BUYER : OTHER, seats, (uint32_t)count);
    command.order_create.concert = HALL_CONCERT;
    bool taken = hall_give(hall, &command);
    hall->orders_count += taken;
    return taken;
}

static inline void hall_take(struct hall *hall, const sp_seat *seats, size_t count)
{
    assert_true(hall_try_take(hall, seats, count));
}

/* Tries something, mostly with success: takes, holds, frees, lets be. */
static inline void hall_do_anything(struct hall *hall, sp_random *random)
{
    sp_seat seats[4] = {(sp_seat)sp_random_below(random, hall->seats_count - 3)};
    uint32_t count = 1 + (uint32_t)sp_random_below(random, 4);
    sp_command command;
    for (uint32_t i = 1; i < 4; i++)
        seats[i] = seats[0] + i;
    switch (sp_random_below(random, 4)) {
    case 0:
        hall_try_take(hall, seats, count);
        return;
    case 1:
        command = stage_command(SP_COMMAND_HOLD_TAKE, BUYER);
        command.hold_take.concert = HALL_CONCERT;
        command.hold_take.seats_count = count;
        memcpy(command.hold_take.seats, seats, sizeof seats);
        hall->holds_count += hall_give(hall, &command);
        return;
    case 2:
        command = stage_command(SP_COMMAND_HOLD_RELEASE, BUYER);
        command.hold_release.hold = 1 + (sp_hold_id)sp_random_below(random, hall->holds_count + 1);
        hall_give(hall, &command);
        return;
    default:
        command = stage_command(SP_COMMAND_ORDER_CANCEL, ADMIN);
        command.order_cancel.order =
            1 + (sp_order_id)sp_random_below(random, hall->orders_count + 1);
        command.order_cancel.reason = SP_TEXT("x");
        hall_give(hall, &command);
    }
}

#endif
