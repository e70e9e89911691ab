/* SPDX-License-Identifier: MIT
 *
 * Who bought what at a concert, for its host and for an ADMIN: the orders with
 * their buyers' nicknames, and the sums over all of them.
 */
#include "net/answer.h"
#include "net/encode.h"
#include "net/handlers.h"
#include "net/people.h"

void sp_concert_orders_start(sp_exchange *ex)
{
    sp_command *command = &sp_app_loop_of(ex)->command;
    command->type = SP_QUERY_CONCERT_ORDERS;
    command->query_concert_orders.concert = ex->app.params[0];
    command->query_concert_orders.before = (sp_order_id)ex->app.numbers[SP_PARAM_CURSOR];
    command->query_concert_orders.count_max = (uint32_t)ex->app.numbers[SP_PARAM_LIMIT];
    sp_app_push(ex);
}

void sp_concert_orders_completed(sp_exchange *ex)
{
    const sp_result *result = &ex->slot->result;
    sp_people *people = sp_people_create(ex, result->orders.count);
    for (uint32_t i = 0; i < result->orders.count; i++)
        sp_people_set(people, i, result->orders.items[i].user);
    sp_people_read(people);
}

static void put_totals(sp_json_writer *json, const sp_concert_totals *totals)
{
    sp_json_object(json);
    sp_json_put_integer(json, "orders", totals->orders);
    sp_json_put_integer(json, "cancelled", totals->cancelled);
    sp_json_put_integer(json, "seats", totals->seats);
    sp_json_put_integer(json, "amount", totals->amount);
    sp_json_put_integer(json, "refunded", totals->refunded);
    sp_json_object_end(json);
}

void sp_concert_orders_answer(sp_exchange *ex, sp_out *out)
{
    const sp_result *result = &ex->slot->result;
    const sp_concert_card *card =
        sp_views_card(sp_loop_views(ex->loop), ex->slot->command.query_concert_orders.concert);
    sp_answer answer = {.status = 200};
    sp_json_writer *json = sp_answer_items(ex, &answer, out);
    for (uint32_t i = 0; i < result->orders.count; i++)
        sp_encode_order_of(json, &result->orders.items[i], card, sp_people_profile(ex, i));
    sp_json_array_end(json);
    sp_json_key(json, "totals");
    put_totals(json, &result->orders.totals);
    sp_answer_items_end(ex, result->orders.next, out);
}
