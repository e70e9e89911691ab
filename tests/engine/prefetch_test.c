/* SPDX-License-Identifier: MIT
 *
 * Prefetching changes nothing and believes nothing: ids that there are not must
 * not be looked up (a sanitizer, or the end of a table, would tell).
 */
#include "tests/engine/stage.h"

#include "tests/support/random.h"

#define COUNT 150u /* more than two rounds */

static const uint32_t edges[] = {0, 1, 2, 3, 4, 5, 8, 129, 130, 1000, UINT32_MAX - 1, UINT32_MAX};

static uint32_t edge(sp_random *random)
{
    return edges[sp_random_below(random, sizeof edges / sizeof edges[0])];
}

/* A stage where orders have been made, one cancelled, and a key used. */
static struct stage busy_stage(void)
{
    struct stage stage = stage_make();
    for (sp_seat seat = 0; seat < 3; seat++) {
        sp_command command = stage_order_command(BUYER, &seat, 1);
        command.idempotency.present = true;
        command.idempotency.key.bytes[0] = (uint8_t)seat;
        assert_int_equal(stage_give(&stage, &command), SP_OK);
    }
    sp_command cancel = stage_command(SP_COMMAND_ORDER_CANCEL, BUYER);
    cancel.order_cancel.order = 2;
    assert_int_equal(stage_give(&stage, &cancel), SP_OK);
    return stage;
}

static void hostile_commands_are_not_followed(void **unused)
{
    (void)unused;
    static sp_command commands[COUNT];
    const sp_command *list[COUNT];
    uint8_t before[SP_DIGEST_SIZE], after[SP_DIGEST_SIZE];
    struct stage stage = busy_stage();
    sp_random random;
    sp_random_seed(&random, 1);

    sp_digest(stage.state, before);
    for (int round = 0; round < 200; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            sp_command_type type =
                (sp_command_type)(1 + sp_random_below(&random, SP_QUERY_CONCERT_ORDERS));
            commands[i] = stage_command(type, edge(&random));
            commands[i].idempotency.present = sp_random_below(&random, 2);
            if (type == SP_COMMAND_ORDER_CREATE) {
                commands[i].order_create.concert = edge(&random);
                commands[i].order_create.seats[0] = edge(&random);
                commands[i].order_create.seats_count = 1;
            } else if (type == SP_COMMAND_ORDER_CANCEL) {
                commands[i].order_cancel.order = edge(&random);
            }
            list[i] = &commands[i];
        }
        sp_prefetch_commands(stage.state, list, (uint32_t)sp_random_below(&random, COUNT + 1));
    }
    sp_digest(stage.state, after);
    assert_memory_equal(before, after, SP_DIGEST_SIZE);
    stage_close(&stage);
}

static void hostile_events_are_not_followed(void **unused)
{
    (void)unused;
    static sp_event events[COUNT];
    static sp_seat seats[COUNT];
    uint8_t before[SP_DIGEST_SIZE], after[SP_DIGEST_SIZE];
    struct stage stage = busy_stage();
    sp_random random;
    sp_random_seed(&random, 2);

    sp_digest(stage.state, before);
    for (int round = 0; round < 200; round++) {
        for (uint32_t i = 0; i < COUNT; i++) {
            events[i] = (sp_event){
                .type = (sp_event_type)(1 + sp_random_below(&random, SP_EVENT_ORDER_CANCELLED)),
                .actor = edge(&random)};
            events[i].idempotency.present = sp_random_below(&random, 2);
            seats[i] = edge(&random);
            if (events[i].type == SP_EVENT_ORDER_PAID) {
                events[i].order_paid.buyer = edge(&random);
                events[i].order_paid.concert = edge(&random);
                events[i].order_paid.seats = &seats[i];
                events[i].order_paid.seats_count = 1;
            } else if (events[i].type == SP_EVENT_ORDER_CANCELLED) {
                events[i].order_cancelled.order = edge(&random);
            }
        }
        sp_prefetch_events(stage.state, events, (uint32_t)sp_random_below(&random, COUNT + 1));
    }
    sp_digest(stage.state, after);
    assert_memory_equal(before, after, SP_DIGEST_SIZE);
    stage_close(&stage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_commands_are_not_followed),
        cmocka_unit_test(hostile_events_are_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
